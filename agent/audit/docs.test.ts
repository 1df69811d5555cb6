import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { auditActions } from '../../protocol/audit.ts';

test('docs/audit.md lists every action, as the table of actions words it', () => {
  const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8');
  const rows = Object.entries(auditActions).map(([action, when]) => `| \`${action}\` | ${when} |`);
  assert.ok(page.includes(rows.join('\n')), rows.join('\n'));
});
