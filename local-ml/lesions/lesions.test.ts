import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultAnalysisConfig } from '../analysis/config.ts';
import { discontinuitiesOf, linesFound } from '../analysis/discontinuity.ts';
import { findLines, placeOnSurface } from '../analysis/find-lesions.ts';
import { groundOf } from '../analysis/ground.ts';
import { ruleSite } from '../anatomy/site-rules.ts';
import { geodesicMm, graphOf } from '../mesh/geodesic.ts';
import { halfEdgesOf } from '../mesh/half-edges.ts';
import { lpsOf } from '../mesh/surface.ts';
import { distance, vectorAt } from '../mesh/vector.ts';
import { shellOf } from '../segmentation/shell.ts';
import { sheet, tube } from '../testing/shapes.ts';
import { type SimulatedAtrium, simulatedAtrium } from '../testing/simulated-atrium.ts';
import { clearanceOf } from './clearance.ts';
import { closeProtocol } from './config.ts';
import { lesionsOf } from './lesion.ts';
import { findOpenings } from './openings.ts';
import { doseLevelsOf, radiusShare } from './radius.ts';
import { shortestTree, spreadOf } from './summary.ts';
import { widestPath } from './widest-path.ts';

/** A tube with a ring of lesions around its middle, but for those left out: each bars 3 mm around it. */
function ringOnTube(spacingMm: number, leftOut: readonly number[]) {
  const surface = tube(12, 40, 90, 48);
  const graph = graphOf(surface, halfEdgesOf(surface));
  const count = Math.round((2 * Math.PI * 12) / spacingMm);
  const barriers = Array.from({ length: count }, (_, n) => n)
    .filter((n) => !leftOut.includes(n))
    .map((n) => {
      const turn = (2 * Math.PI * n) / count;
      const placeMm = [12 * Math.cos(turn), 12 * Math.sin(turn), 20] as const;
      let vertex = 0;
      for (let at = 0; at < surface.positionsMm.length / 3; at++)
        if (
          distance(vectorAt(surface.positionsMm, at), placeMm) <
          distance(vectorAt(surface.positionsMm, vertex), placeMm)
        )
          vertex = at;
      return { placeMm, vertex, radiusMm: 3 };
    });
  const clearance = clearanceOf({ surface, graph }, barriers, { reachMm: 12, above: 1 });
  const sources = [...Array(90).keys()];
  const last = surface.positionsMm.length / 3 - 90;
  return {
    surface,
    graph,
    barriers,
    clearance,
    crossing: { sources, isSink: (vertex: number) => vertex >= last },
    radiusMm: 3,
    above: 1,
  };
}

test('GAP-01: a ring of lesions 5 mm apart lets nothing through; without one or two of them it does, there and that wide', () => {
  const closed = ringOnTube(5, []);
  assert.deepEqual(findOpenings(closed).openings, []);
  for (const [leftOut, widthMm] of [
    [[3], 10],
    [[3, 4], 15],
  ] as const) {
    const { openings } = findOpenings(ringOnTube(5, leftOut));
    assert.equal(openings.length, 1);
    // The straight distance of the two lesions beside it is a little less than along the wall.
    assert.ok(Math.abs(openings[0]!.room * 6 - widthMm) < 1.6, `${openings[0]!.room * 6}`);
    assert.equal(openings[0]!.between.length, 2);
  }
});

test('GAP-01: two gaps are two openings, the wider first', () => {
  const { openings } = findOpenings(ringOnTube(5, [2, 8, 9]));
  assert.equal(openings.length, 2);
  assert.ok(openings[0]!.room > openings[1]!.room);
  assert.ok(distance(openings[0]!.placeMm, openings[1]!.placeMm) > 12);
});

test('GAP-02: the widest way agrees with a search over every threshold', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), { minLength: 12, maxLength: 40 }), (rooms) => {
      const surface = sheet(10, 10, 4, 4);
      const graph = graphOf(surface, halfEdgesOf(surface));
      const room = new Float64Array(graph.targets.length);
      for (let from = 0; from < graph.starts.length - 1; from++)
        for (let arc = graph.starts[from]!; arc < graph.starts[from + 1]!; arc++)
          room[arc] = rooms[(from + graph.targets[arc]!) % rooms.length]!;
      const found = widestPath(graph, room, { sources: [0], isSink: (vertex) => vertex === 24 })!;
      const canPass = (least: number) => {
        const lengthsMm = graph.lengthsMm.map((mm, arc) => (room[arc]! >= least ? mm : Infinity));
        return Number.isFinite(geodesicMm({ ...graph, lengthsMm }, [0])[24]!);
      };
      const best = Math.max(...[...room].filter(canPass));
      assert.equal(found.room, best);
      assert.equal(room[found.arc], best);
    }),
    { numRuns: 200 },
  );
});

test('GAP-03: a lesion on target has its full radius; weaker ones less than in proportion; the level of a weak case is its own', () => {
  const level = { index: 400, ftiGs: 400 };
  const share = (index: number) =>
    radiusShare({ order: 0, placeMm: [0, 0, 0], index }, { level, config: closeProtocol }).share;
  assert.equal(share(400), 1);
  assert.equal(share(800), closeProtocol.radiusShare.most);
  assert.ok(share(240) < 0.6 && share(240) >= 0.3);
  assert.equal(share(1), closeProtocol.radiusShare.least);
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 1000, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (a, more) => share(a) <= share(a + more) + 1e-12,
    ),
  );
  const lesions = [380, 390, 400, 410, 420, 200].map((index, order) => ({
    lesion: { order, placeMm: [0, 0, 0] as const, index },
    wall: 'anterior' as const,
  }));
  assert.equal(doseLevelsOf(lesions, closeProtocol).anterior.index, 400);
  assert.equal(doseLevelsOf(lesions, { ...closeProtocol, ownLevel: false }).anterior.index, 550);
  assert.equal(doseLevelsOf(lesions.slice(0, 3), closeProtocol).anterior.index, 550);
  const bare = radiusShare({ order: 0, placeMm: [0, 0, 0] }, { level, config: closeProtocol });
  assert.deepEqual(bare, { share: 1, by: 'unweighted' });
  assert.equal(radiusShare({ order: 0, placeMm: [0, 0, 0], ftiGs: 400 }, { level, config: closeProtocol }).by, 'fti');
});

test('GAP-03: the shortest tree joins neighbours; quantiles are values that occur', () => {
  const at = (x: number) => ({
    order: x,
    placeMm: [x, 0, 0] as const,
    vertex: 0,
    foot: { triangle: 0, weights: [1, 0, 0] as const, placeMm: [x, 0, 0] as const, distanceMm: 0 },
  });
  assert.deepEqual(
    shortestTree([at(0), at(9), at(4), at(50)]).map(({ mm }) => mm),
    [4, 5],
  );
  assert.deepEqual(spreadOf([3, 1, 2]), { n: 3, min: 1, p50: 2, p95: 3, max: 3, mean: 2 });
  assert.equal(spreadOf([]), undefined);
});

function linesOf({ study, surface, labels }: SimulatedAtrium) {
  const shell = shellOf(surface, surface.halfEdges);
  const ground = groundOf(surface, shell, { labels, confidence: new Float64Array(labels.length).fill(1) });
  const placed = placeOnSurface({ lesions: lesionsOf(study) } as never, surface, defaultAnalysisConfig);
  assert.ok('placed' in placed);
  const sites = placed.placed.map((lesion) => {
    const { site, confidence } = ruleSite(ground, {
      vertex: lesion.vertex,
      placeMm: ground.canonical(lesion.foot.placeMm),
    });
    return { lesion, site, by: 'rules' as const, confidence, rules: site };
  });
  const found = findLines(sites, {
    surface,
    found: { ground },
    config: defaultAnalysisConfig,
    inHoles: placed.inHoles,
  });
  const { lesions: config } = defaultAnalysisConfig;
  return { sites, lines: linesFound(found, config), discontinuities: discontinuitiesOf(found, ground, config) };
}

for (const seed of [1, 2]) {
  test(`GAP-04: a simulated isolation (seed ${seed}), read from its export: closed is told as closed, the planned gap is found`, async () => {
    const closed = linesOf(await simulatedAtrium({ seed }));
    assert.deepEqual(
      closed.lines.map(({ line, isContinuous }) => [line, isContinuous]),
      [
        ['left-ring', true],
        ['right-ring', true],
      ],
    );
    assert.deepEqual(closed.discontinuities, []);
    const [first, second] = closed.lines.map(({ continuousAfter }) => continuousAfter!).sort((a, b) => a - b);
    assert.ok(first! < second! && second! <= closed.sites.length, `${first} ${second}`);

    const atrium = await simulatedAtrium({ seed, ablationGapMm: 12 });
    const open = linesOf(atrium);
    const gap = atrium.truth.gap!;
    assert.deepEqual(
      open.discontinuities.map(({ line }) => line),
      [`${gap.side}-ring`],
    );
    const [found] = open.discontinuities;
    assert.ok(distance(found!.place, lpsOf(...gap.centre)) < 5);
    assert.ok(Math.abs(found!.betweenMm - 12) < 2.5, `${found!.betweenMm}`);
    assert.ok(open.lines.find(({ line }) => line !== `${gap.side}-ring`)!.isContinuous);
  });
}

test('SITE-01: rules put the lesions of a simulated isolation around the veins of the side that they were planned for', async () => {
  const atrium = await simulatedAtrium({ seed: 3 });
  const { sites } = linesOf(atrium);
  const planned = new Map(atrium.truth.lesions.map(({ site, line, wall }) => [site, { line, wall }]));
  let [rightSide, rightWall, walled] = [0, 0, 0];
  const bySite = new Map(
    atrium.study.visiTag!.sites.map(({ siteIndex, positionMm }) => [lpsOf(...positionMm).join(), siteIndex]),
  );
  for (const { lesion, site } of sites) {
    const plan = planned.get(bySite.get(lesion.placeMm.join())!)!;
    if (site.startsWith(plan.line === 'left' ? 'L_' : 'R_')) rightSide++;
    if (!/_(ANT|POST)_/.test(site)) continue;
    walled++;
    if (site.includes(plan.wall === 'anterior' ? '_ANT_' : '_POST_')) rightWall++;
  }
  assert.equal(rightSide, sites.length);
  assert.ok(rightWall / walled > 0.9, `${rightWall} of ${walled}`);
});
