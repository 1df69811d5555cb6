export { Approvals, type EnrolmentRequest } from './approvals.ts';
export { EnrolmentError, type EnrolmentErrorCode } from './errors.ts';
export { EstServer, type EstServerDeps } from './est-server.ts';
