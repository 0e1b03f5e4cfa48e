"""The console command ``help-center-conformance``: a thin layer over pytest and over our other command lines."""
