import { GatewayError } from '../../core/errors.ts';
import { counts, type Memory, type Rules } from './detector.ts';
import type { Statement } from './evidence.ts';
import { canBeSetAside, isInForce, type Override } from './override.ts';

export class OverrideError extends GatewayError<'OVERRIDE_NOT_ALLOWED' | 'OVERRIDE_REFUSED'> {}

/**
 * The override that would open against what is said now. Throws OVERRIDE_NOT_ALLOWED where the site's file does not allow
 * one for so long, OVERRIDE_REFUSED while a lease is held, or something says busy or maybe that nobody may set aside.
 */
export function plannedOverride(
  statements: readonly Statement[],
  memory: Memory,
  rules: Rules,
  asked: { readonly forMs: number; readonly nowMs: number },
): Override {
  const { forMs, nowMs } = asked;
  if (rules.overrideMaxMs === undefined || forMs > rules.overrideMaxMs) throw notAllowed(rules.overrideMaxMs);
  const at = { nowMs, voidUntilMs: memory.voidUntilMs, rules };
  const closing = statements.filter((one) => ['busy', 'maybe'].includes(one.says) && counts(one, at));
  const against = closing.filter((one) => !canBeSetAside(one)).map(({ source, what }) => `${source}: ${what}`);
  if (against.length > 0) throw refused(`this cannot be set aside: ${against.join('; ')}`);
  const setsAside = closing.map(({ source, key }) => ({ source, key }));
  const override = { sinceMs: nowMs, lifetimeMs: forMs, setsAside };
  if (!isInForce(override, { ...at, statements, maxMs: rules.overrideMaxMs }))
    throw refused('the leases cannot be read');
  return override;
}

function notAllowed(maxMs: number | undefined): OverrideError {
  const text = maxMs === undefined ? 'no override' : `an override of at most ${maxMs / 60_000} minutes`;
  return new OverrideError('OVERRIDE_NOT_ALLOWED', `the site's file allows ${text}`, {
    hint: 'See procedure.override in docs/configuration.md; who may change the site’s file decides.',
  });
}

function refused(why: string): OverrideError {
  return new OverrideError('OVERRIDE_REFUSED', `the gate stays closed, ${why}`, {
    hint: 'Release what is held, or wait until it is over: vestibule procedure status.',
  });
}
