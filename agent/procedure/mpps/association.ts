import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import dimse from 'dcmjs-dimse';

const { Scp, constants, requests, responses } = dimse;
const { PresentationContextResult, RejectReason, RejectResult, RejectSource, SopClass, Status, TransferSyntax } =
  constants;

type NCreateRequest = InstanceType<typeof requests.NCreateRequest>;
type NSetRequest = InstanceType<typeof requests.NSetRequest>;
type Attributes = (name: string) => string;

export interface Handlers {
  readonly aeTitle: string;
  readonly callers: readonly string[];
  /** Both give the DICOM status of the answer, and never throw. */
  readonly created: (uid: string, attribute: Attributes) => number;
  readonly changed: (uid: string, attribute: Attributes) => number;
}

/** A whole association of one step is a few kilobytes. */
const largestAssociationBytes = 4 * 1024 * 1024;
const silentMs = 60_000;
const largestPduBytes = 65_536;

/** Serves one association: Verification and MPPS, nothing else; only the callers that are named. */
export function serveAssociation(socket: Socket, handlers: Handlers): void {
  quieten();
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    if (bytes > largestAssociationBytes) socket.destroy();
  });
  const options = { connectTimeout: silentMs, associationTimeout: silentMs, pduTimeout: silentMs };
  new Association(socket, options, handlers).on('networkError', () => socket.destroy());
}

interface FamilyLog {
  setLevel(level: 'silent'): void;
  getLogger(name: string): FamilyLog;
}

/** Both libraries write to the console what peers sent them; nothing from outside may get there. */
function quieten(): void {
  const { log } = createRequire(import.meta.url)('dcmjs') as { readonly log: FamilyLog };
  for (const logger of [dimse.log, log, log.getLogger('validation.dcmjs')]) logger.setLevel('silent');
}

class Association extends Scp {
  readonly #handlers: Handlers;

  constructor(socket: Socket, options: object, handlers: Handlers) {
    super(socket, options);
    this.#handlers = handlers;
  }

  override associationRequested(association: InstanceType<typeof dimse.association.Association>): void {
    const { aeTitle, callers } = this.#handlers;
    const isForUs = association.getCalledAeTitle().trim() === aeTitle;
    if (!isForUs || !callers.includes(association.getCallingAeTitle().trim())) {
      const reason = isForUs ? RejectReason.CallingAeNotRecognized : RejectReason.CalledAeNotRecognized;
      this.sendAssociationReject(RejectResult.Permanent, RejectSource.ServiceUser, reason);
      return;
    }
    association.setMaxPduLength(largestPduBytes);
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id);
      const isKnown = [SopClass.Verification, SopClass.ModalityPerformedProcedureStep].includes(
        context.getAbstractSyntaxUid(),
      );
      if (!isKnown) {
        context.setResult(PresentationContextResult.RejectAbstractSyntaxNotSupported);
        continue;
      }
      const syntax = context
        .getTransferSyntaxUids()
        .find((uid) => uid === TransferSyntax.ImplicitVRLittleEndian || uid === TransferSyntax.ExplicitVRLittleEndian);
      if (syntax) context.setResult(PresentationContextResult.Accept, syntax);
      else context.setResult(PresentationContextResult.RejectTransferSyntaxesNotSupported);
    }
    this.sendAssociationAccept();
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
  }

  override cEchoRequest(
    request: InstanceType<typeof requests.CEchoRequest>,
    callback: (response: InstanceType<typeof responses.CEchoResponse>) => void,
  ): void {
    const response = responses.CEchoResponse.fromRequest(request);
    response.setStatus(Status.Success);
    callback(response);
  }

  override nCreateRequest(
    request: NCreateRequest,
    callback: (response: InstanceType<typeof responses.NCreateResponse>) => void,
  ): void {
    const response = responses.NCreateResponse.fromRequest(request);
    const isStep = request.getAffectedSopClassUid() === SopClass.ModalityPerformedProcedureStep;
    const uid = request.getAffectedSopInstanceUid();
    if (!isStep) response.setStatus(Status.NoSuchSopClass);
    else if (!uid) response.setStatus(Status.MissingAttribute);
    else response.setStatus(this.#handlers.created(uid, attributesOf(request)));
    callback(response);
  }

  override nSetRequest(
    request: NSetRequest,
    callback: (response: InstanceType<typeof responses.NSetResponse>) => void,
  ): void {
    const response = responses.NSetResponse.fromRequest(request);
    response.setStatus(this.#handlers.changed(request.getRequestedSopInstanceUid() ?? '', attributesOf(request)));
    callback(response);
  }
}

/** One attribute as text, by its keyword. Empty for whatever is missing or odd. */
function attributesOf(request: NCreateRequest | NSetRequest): Attributes {
  return (name) => {
    const value: unknown = request.getDataset()?.getElement(name);
    const first = Array.isArray(value) ? value[0] : value;
    return typeof first === 'string' ? first : '';
  };
}
