import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { freshSeed } from '../harness/random.ts';
import { fields } from './privacy/fields.ts';
import { identifierClasses } from './privacy/identifiers.ts';
import { complaintsOf, privacyCampaign } from './privacy/privacy.ts';
import { showPrivacyReport, showWholeProduct } from './privacy/show.ts';
import { wholeProduct } from './privacy/whole-product.ts';

/** Full form: `scripts/campaign privacy`. */
const cases = 300;

async function passes(t: TestContext, seed: number): Promise<void> {
  const report = await privacyCampaign(seed, cases / 2);
  assert.deepEqual(complaintsOf(report), [], showPrivacyReport(report));
  assert.equal(report.held, 0, showPrivacyReport(report));
  assert.deepEqual(Object.keys(report.byClass).sort(), [...identifierClasses].sort());
  assert.ok(Object.keys(report.byField).length > fields.length - 3);
  t.diagnostic(`seed ${seed}: ${report.cases} cases, ${report.plants} plants, ${report.archived} archives`);
}

describe('privacy campaign', () => {
  test('PRIV-01: identifiers of 18 classes, wherever an export has room for them, are nowhere in what leaves (fixed seed)', (t) =>
    passes(t, 7));

  test('PRIV-02: nor with a random seed', (t) => passes(t, freshSeed()));

  test('PRIV-03: nor in what hub, receiver and appliance keep and print, through the whole product', async (t) => {
    const report = await wholeProduct(11, 4, () => {});
    assert.deepEqual(report.leaks, []);
    assert.deepEqual(report.stages, { delivered: 4 });
    assert.equal(report.archives, 8);
    assert.ok(report.foundInInbox >= 0.95 * report.plants, `${report.foundInInbox} of ${report.plants}`);
    t.diagnostic(showWholeProduct(report));
  });
});
