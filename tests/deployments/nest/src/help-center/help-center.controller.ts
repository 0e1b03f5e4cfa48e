import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import type { User } from '../auth/auth.service.js';
import { JwtAuthGuard } from '../auth/jwt-auth.guard.js';
import { HelpCenterService } from './help-center.service.js';
import type { History } from './help-center.types.js';

@Controller('help-center')
export class HelpCenterController {
  constructor(private readonly helpCenter: HelpCenterService) {}

  @UseGuards(JwtAuthGuard)
  @Get('messages')
  messages(@Req() { user }: { user: User }): History {
    return this.helpCenter.read(user.userId);
  }
}
