import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describePrivacy } from './describe.ts';
import { rules } from './rules.ts';

test('docs/privacy.md is what the rules say: write it again with scripts/describe-privacy', () => {
  assert.equal(readFileSync(new URL('../../docs/privacy.md', import.meta.url), 'utf8'), describePrivacy());
});

test('every field of every kind is on the page', () => {
  const page = describePrivacy();
  for (const [kind, fields] of Object.entries(rules)) {
    const section = kind === 'file-name' ? '## Names of files' : `## ${kind}\n`;
    const from = page.indexOf(section);
    assert.ok(from > 0, kind);
    const text = page.slice(from, page.indexOf('\n## ', from + 1));
    for (const field of Object.keys(fields)) assert.ok(text.includes(`\`${field}\``), `${kind} ${field}`);
  }
});
