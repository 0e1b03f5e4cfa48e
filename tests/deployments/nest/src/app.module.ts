import { Module } from '@nestjs/common';
import { AuthModule } from './auth/auth.module.js';
import { HelpCenterModule } from './help-center/help-center.module.js';

@Module({ imports: [AuthModule, HelpCenterModule] })
export class AppModule {}
