import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';

/** For HTTP: the token of the Authorization header. */
@Injectable()
export class JwtAuthGuard extends AuthGuard('jwt') {}
