import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGeoFence } from '../../../examples/functions/geo-fence.ts';
import {
  distanceMeters,
  type Fence,
  type Position,
  prepareFence,
  type Ring,
} from '../../../examples/functions/geometry.ts';
import { createBench, failureOf } from '../../functions/compute/host.ts';

const contains = (fence: Fence, longitude: number, latitude: number): boolean =>
  prepareFence(fence).contains({ longitude, latitude });

const fenceOf = (...polygon: Ring[]): Fence => ({ name: 'f', polygon });

/** A longitude on the map again: -180 to 180. */
const wrap = (longitude: number): number => longitude - 360 * Math.round(longitude / 360);

describe('a circle', () => {
  const depot: Fence = { name: 'depot', circle: { latitude: 48.137, longitude: 11.575, radiusMeters: 500 } };

  it('contains what is no further than its radius', () => {
    expect(contains(depot, 11.575, 48.137)).toBe(true);
    // 0.004 degrees of latitude are 445 m, 0.005 are 556 m.
    expect(contains(depot, 11.575, 48.141)).toBe(true);
    expect(contains(depot, 11.575, 48.142)).toBe(false);
  });

  it('knows distances', () => {
    const paris = { latitude: 48.8566, longitude: 2.3522 };
    expect(distanceMeters(paris, { latitude: 51.5074, longitude: -0.1278 }) / 1000).toBeCloseTo(343.6, 0);
    expect(distanceMeters({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 }) / 1000).toBeCloseTo(
      111.2,
      1,
    );
    expect(distanceMeters(paris, { latitude: -48.8566, longitude: -177.6478 })).toBeCloseTo(Math.PI * 6_371_008.8, 0);
  });

  it('is the same wherever on its parallel it lies', () => {
    const degrees = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    fc.assert(
      fc.property(
        degrees(-180, 180),
        degrees(-85, 85),
        degrees(-1, 1),
        degrees(-1, 1),
        (longitude, latitude, dx, dy) => {
          const at = (center: number): boolean =>
            contains(
              { name: 'f', circle: { latitude, longitude: wrap(center), radiusMeters: 50_000 } },
              wrap(center + dx),
              latitude + dy,
            );
          const exact = distanceMeters({ latitude, longitude: 0 }, { latitude: latitude + dy, longitude: dx });
          fc.pre(Math.abs(exact - 50_000) > 0.01);
          expect(at(longitude)).toBe(at(0));
        },
      ),
    );
  });
});

describe('a polygon', () => {
  const square: Ring = [
    [0, 0],
    [10, 0],
    [10, 10],
    [0, 10],
    [0, 0],
  ];

  it('contains what is inside and on its border, whichever way it is drawn', () => {
    for (const fence of [fenceOf(square), fenceOf(square.toReversed()), fenceOf(square.slice(0, -1))]) {
      for (const [x, y] of [
        [5, 5],
        [0, 0],
        [10, 10],
        [5, 0],
        [10, 3.3],
        [0, 9.99],
      ] as const) {
        expect(contains(fence, x, y)).toBe(true);
      }
      for (const [x, y] of [
        [-0.001, 5],
        [10.001, 5],
        [5, -0.001],
        [5, 10.001],
        [-5, 0],
        [15, 10],
        [-170, 5],
      ] as const) {
        expect(contains(fence, x, y)).toBe(false);
      }
    }
  });

  it('may be concave and have holes; the border of a hole is inside', () => {
    const u = fenceOf([
      [0, 0],
      [9, 0],
      [9, 9],
      [6, 9],
      [6, 3],
      [3, 3],
      [3, 9],
      [0, 9],
    ]);
    expect([contains(u, 1, 5), contains(u, 4.5, 5), contains(u, 8, 5), contains(u, 4.5, 1)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    const ring = fenceOf(square, [
      [4, 4],
      [6, 4],
      [6, 6],
      [4, 6],
    ]);
    expect([contains(ring, 5, 5), contains(ring, 4, 5), contains(ring, 1, 1)]).toEqual([false, true, true]);
  });

  it('may lie across the antimeridian', () => {
    // Fiji: 177 east to 178 west.
    const fiji = fenceOf([
      [177, -19],
      [-178, -19],
      [-178, -16],
      [177, -16],
      [177, -19],
    ]);
    for (const x of [177, 178.4, 180, -180, -179, -178]) expect(contains(fiji, x, -17)).toBe(true);
    for (const x of [176.9, -177.9, 0, 90, -90]) expect(contains(fiji, x, -17)).toBe(false);
  });

  it('is refused where it cannot be told what is inside', () => {
    const antarctica: Ring = [
      [-180, -60],
      [-90, -60],
      [0, -60],
      [90, -60],
      [180, -60],
    ];
    expect(() => prepareFence(fenceOf(antarctica))).toThrow('pole');
    expect(() =>
      prepareFence(
        fenceOf([
          [0, 0],
          [1, 1],
        ]),
      ),
    ).toThrow('three corners');
    expect(() => prepareFence(fenceOf([]))).toThrow('empty');
    expect(() => prepareFence(fenceOf())).toThrow('no border');
    expect(() =>
      prepareFence(
        fenceOf([
          [11, 95],
          [12, 95],
          [12, 96],
        ]),
      ),
    ).toThrow('[longitude, latitude]');
    expect(() => prepareFence({ name: 'f', circle: { latitude: 0, longitude: 0, radiusMeters: 0 } })).toThrow('radius');
  });

  /** Corners of a convex polygon around 0, 0, in order. */
  const convex = fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: 0, max: 359 }), { minLength: 3, maxLength: 12 }),
      fc.double({ min: 0.1, max: 60, noNaN: true }),
    )
    .map(([angles, radius]) =>
      angles
        .toSorted((one, other) => one - other)
        .map(
          (angle) => [radius * Math.cos((angle * Math.PI) / 180), radius * Math.sin((angle * Math.PI) / 180)] as const,
        ),
    );
  const offset = fc.double({ min: -70, max: 70, noNaN: true });

  /** The least distance-like figure to the sides: above 0 inside of a convex polygon, below outside. */
  function depth(corners: Ring, x: number, y: number): number {
    return Math.min(
      ...corners.map(([fromX, fromY], index) => {
        const [toX, toY] = corners[(index + 1) % corners.length] ?? [0, 0];
        return ((toX - fromX) * (y - fromY) - (toY - fromY) * (x - fromX)) / Math.hypot(toX - fromX, toY - fromY);
      }),
    );
  }

  it('agrees with the half planes of its sides where it is convex, at every longitude', () => {
    fc.assert(
      fc.property(convex, offset, offset, fc.double({ min: -180, max: 180, noNaN: true }), (corners, x, y, shift) => {
        const expected = depth(corners, x, y);
        fc.pre(Math.abs(expected) > 1e-6);
        const moved: Ring = corners.map(([cornerX, cornerY]) => [wrap(cornerX + shift), cornerY]);
        expect(contains(fenceOf(moved), wrap(x + shift), y)).toBe(expected > 0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('geo-fence', () => {
  const depot: Fence = { name: 'depot', circle: { latitude: 48.137, longitude: 11.575, radiusMeters: 500 } };
  const city = fenceOf([
    [11.3, 48],
    [11.8, 48],
    [11.8, 48.3],
    [11.3, 48.3],
  ]);
  const geoFence = createGeoFence([
    depot,
    { ...city, name: 'city' },
    {
      ...city,
      name: 'far',
      polygon: [
        [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      ],
    },
  ]);
  const at = ({ latitude, longitude }: Position) => ({
    id: 'p1',
    source: '/cars/7',
    type: 'car.position',
    data: { vehicle: 'M-TU 1', latitude, longitude, speed: 3 },
  });

  it('names the fences, and publishes an event for each', async () => {
    const { run, published } = createBench();
    const here = at({ latitude: 48.138, longitude: 11.576 });
    const data = { ...here.data, fences: ['depot', 'city'] };
    expect(await run(geoFence, here)).toEqual([{ specversion: '1.0', ...here, data }]);
    expect(published.map(({ event }) => JSON.parse(event.json))).toMatchObject(
      ['depot', 'city'].map((fence) => ({
        id: `p1-${fence}`,
        type: 'geofence.inside',
        source: '/cars/7',
        subject: fence,
        data: { fence, vehicle: 'M-TU 1', latitude: 48.138, longitude: 11.576 },
      })),
    );
  });

  it('publishes nothing for a vehicle that is nowhere', async () => {
    const { run, published } = createBench();
    expect(await run(geoFence, at({ latitude: -10, longitude: 100 }))).toMatchObject([{ data: { fences: [] } }]);
    expect(published).toEqual([]);
  });

  it('refuses a position that is not on Earth', async () => {
    const { run } = createBench();
    expect(await failureOf(run(geoFence, at({ latitude: 91, longitude: 0 })))).toMatchObject({
      place: '/data/latitude',
    });
    expect((await failureOf(run(geoFence, { data: { latitude: '48', longitude: 11 } }))).code).toBe('step_failed');
  });
});
