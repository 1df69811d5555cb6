import type { SurfaceOfMesh } from '../mesh/surface.ts';

/** A grid of points on a sphere, closed at the poles, counter-clockwise from outside. `stretch` makes an ellipsoid. */
export function sphere(
  radiusMm: number,
  rings = 60,
  stretch: readonly [number, number, number] = [1, 1, 1],
): SurfaceOfMesh {
  const around = 2 * rings;
  const positions: number[] = [0, 0, radiusMm];
  for (let i = 1; i < rings; i++)
    for (let j = 0; j < around; j++) {
      const [polar, turn] = [(Math.PI * i) / rings, (2 * Math.PI * j) / around];
      positions.push(
        radiusMm * Math.sin(polar) * Math.cos(turn),
        radiusMm * Math.sin(polar) * Math.sin(turn),
        radiusMm * Math.cos(polar),
      );
    }
  positions.push(0, 0, -radiusMm);
  const last = positions.length / 3 - 1;
  const at = (i: number, j: number) => 1 + (i - 1) * around + (j % around);
  const triangles: number[] = [];
  for (let j = 0; j < around; j++) {
    triangles.push(0, at(1, j), at(1, j + 1), last, at(rings - 1, j + 1), at(rings - 1, j));
    for (let i = 1; i < rings - 1; i++) {
      triangles.push(at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j), at(i + 1, j + 1), at(i, j + 1));
    }
  }
  return surfaceFrom(
    positions.map((value, n) => value * stretch[n % 3]!),
    triangles,
  );
}

/** A flat rectangle in the plane z = 0, facing +z: cells of two triangles each. */
export function sheet(widthMm: number, heightMm: number, cellsX: number, cellsY: number): SurfaceOfMesh {
  const positions: number[] = [];
  const triangles: number[] = [];
  for (let j = 0; j <= cellsY; j++)
    for (let i = 0; i <= cellsX; i++) positions.push((widthMm * i) / cellsX, (heightMm * j) / cellsY, 0);
  for (let j = 0; j < cellsY; j++)
    for (let i = 0; i < cellsX; i++) {
      const a = j * (cellsX + 1) + i;
      const [b, c, d] = [a + 1, a + cellsX + 1, a + cellsX + 2];
      if ((i + j) % 2 === 0) triangles.push(a, b, d, a, d, c);
      else triangles.push(a, b, c, b, d, c);
    }
  return surfaceFrom(positions, triangles);
}

/** A tube along z, open at both ends, facing outward. */
export function tube(radiusMm: number, heightMm: number, around: number, along: number): SurfaceOfMesh {
  const positions: number[] = [];
  const triangles: number[] = [];
  for (let i = 0; i <= along; i++)
    for (let j = 0; j < around; j++) {
      const turn = (2 * Math.PI * j) / around;
      positions.push(radiusMm * Math.cos(turn), radiusMm * Math.sin(turn), (heightMm * i) / along);
    }
  const at = (i: number, j: number) => i * around + (j % around);
  for (let i = 0; i < along; i++)
    for (let j = 0; j < around; j++) {
      triangles.push(at(i, j), at(i, j + 1), at(i + 1, j + 1), at(i, j), at(i + 1, j + 1), at(i + 1, j));
    }
  return surfaceFrom(positions, triangles);
}

export function surfaceFrom(positions: readonly number[], triangles: readonly number[]): SurfaceOfMesh {
  return {
    positionsMm: Float64Array.from(positions),
    triangles: Uint32Array.from(triangles),
    sourceVertex: Uint32Array.from({ length: positions.length / 3 }, (_, at) => at),
  };
}

/** Both as one, not connected. */
export function beside(a: SurfaceOfMesh, b: SurfaceOfMesh, shiftMm: number): SurfaceOfMesh {
  const shift = a.positionsMm.length / 3;
  return surfaceFrom(
    [...a.positionsMm, ...b.positionsMm.map((value, n) => value + (n % 3 === 0 ? shiftMm : 0))],
    [...a.triangles, ...b.triangles.map((vertex) => vertex + shift)],
  );
}
