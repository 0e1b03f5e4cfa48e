import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { HelpCenterController } from './help-center.controller.js';
import { HelpCenterGateway } from './help-center.gateway.js';
import { HelpCenterService } from './help-center.service.js';

@Module({
  imports: [AuthModule],
  controllers: [HelpCenterController],
  providers: [HelpCenterGateway, HelpCenterService],
})
export class HelpCenterModule {}
