"""Engine.IO and Socket.IO on the wire: one connection, over WebSocket or long-polling."""
