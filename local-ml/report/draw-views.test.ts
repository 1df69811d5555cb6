import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultAnalysisConfig } from '../analysis/config.ts';
import type { SurfaceOfMesh } from '../mesh/surface.ts';
import { validate } from '../mesh/validate.ts';
import { sphere, surfaceFrom } from '../testing/shapes.ts';
import { drawViews } from './draw-views.ts';

/** How many pieces of wall are drawn from outside and from inside, by view. */
function drawnOf(surface: SurfaceOfMesh) {
  const validation = validate(surface, defaultAnalysisConfig.surface);
  assert.ok('sound' in validation);
  const { regions } = drawViews({
    surface: validation.sound,
    ...{ thresholdsMv: [0.2, 0.5], lesions: [], discontinuities: [], indexTarget: { anterior: 550, posterior: 400 } },
  });
  return regions.map(({ caption, shapes }) => {
    const looks = shapes.map(({ look }) => look[0]);
    return [caption, looks.filter((one) => one === 'b').length, looks.filter((one) => one === 'i').length] as const;
  });
}

test('REPORT-09: through an opening the inner side of the far wall is shown; of a closed shell there is none', () => {
  const closed = sphere(30, 40);
  const triangles = [...closed.triangles];
  /** Without what lies in front: y is to the back. */
  const kept = Array.from({ length: triangles.length / 3 }, (_, t) => triangles.slice(3 * t, 3 * t + 3)).filter(
    (corners) => corners.every((at) => closed.positionsMm[3 * at + 1]! > -12),
  );
  const open = drawnOf(surfaceFrom([...closed.positionsMm], kept.flat()));
  for (const [view, outer, inner] of drawnOf(closed)) assert.ok(outer > 100 && inner === 0, view);
  for (const [view, outer, inner] of open) assert.ok(outer > 50 && inner > 100, view);
  const outerIn = (name: string) => open.find(([view]) => view === name)![1];
  assert.ok(outerIn('AP') < 0.6 * outerIn('PA'), 'from the front one looks through the opening');
});
