/** A part with a lifetime. Constructors assign, `start` acts, `stop` returns when it is true. */
export interface Service {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Starts services in order; `stop` stops the started ones in reverse. A failed start stops what was started. */
export class Services {
  readonly #services: readonly Service[];
  readonly #started: Service[] = [];
  readonly #abort = new AbortController();

  constructor(services: readonly Service[]) {
    this.#services = services;
  }

  async start(): Promise<void> {
    try {
      for (const service of this.#services) {
        this.#started.push(service);
        await service.start(this.#abort.signal);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Aborts the shared signal first, so that nothing waits for work that will not come, then stops each part. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopping'));
    for (let service = this.#started.pop(); service; service = this.#started.pop()) await service.stop();
  }
}

/**
 * Runs until the first SIGINT or SIGTERM, then drains; a second signal cuts the waiting short with exit code 130.
 * Under `core/supervise.ts` the end of the supervisor counts as the first signal. Resolves when `stop` has returned.
 */
export async function runUntilSignalled(stop: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    let signalled = false;
    const onSignal = () => {
      if (signalled) process.exit(130);
      signalled = true;
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    if (process.env.VESTIBULE_SUPERVISED) process.stdin.resume().once('end', resolve).once('error', resolve);
  });
  await stop();
  // A pipe that is still being read would keep the process alive.
  if (process.env.VESTIBULE_SUPERVISED) process.stdin.destroy();
}
