/** Degrees: latitude -90 to 90, longitude -180 to 180. */
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

export type Fence =
  | { readonly name: string; readonly circle: Position & { readonly radiusMeters: number } }
  /** `coordinates` of a GeoJSON Polygon (RFC 7946): rings of [longitude, latitude], the first the border, others holes. */
  | { readonly name: string; readonly polygon: readonly Ring[] };

export type Ring = readonly (readonly [longitude: number, latitude: number])[];

/** A fence made ready for many positions. What lies on a border is inside. */
export interface Area {
  readonly name: string;
  readonly contains: (position: Position) => boolean;
}

/** @throws TypeError */
export function prepareFence(fence: Fence): Area {
  const { name } = fence;
  return { name, contains: 'circle' in fence ? circle(fence.circle, name) : polygon(fence.polygon, name) };
}

/** The mean radius of the Earth (IUGG). */
const earthRadiusMeters = 6_371_008.8;

function circle(center: Position & { readonly radiusMeters: number }, name: string): Area['contains'] {
  if (!(center.radiusMeters > 0)) throw new TypeError(`The fence ${name} has no radius`);
  return (position) => distanceMeters(center, position) <= center.radiusMeters;
}

/** Along the surface of a sphere, by the haversine formula: within 0.5 % of the real Earth. */
export function distanceMeters(one: Position, other: Position): number {
  const halfChord = (from: number, to: number): number => Math.sin(toRadians(to - from) / 2) ** 2;
  const h =
    halfChord(one.latitude, other.latitude) +
    Math.cos(toRadians(one.latitude)) * Math.cos(toRadians(other.latitude)) * halfChord(one.longitude, other.longitude);
  return 2 * earthRadiusMeters * Math.asin(Math.sqrt(Math.min(1, h)));
}

function polygon(rings: readonly Ring[], name: string): Area['contains'] {
  const [border, ...holes] = rings.map((ring) => unrolled(ring, name));
  if (border === undefined) throw new TypeError(`The fence ${name} has no border`);
  return (position) => {
    const at = side(position, border);
    if (at !== 'inside') return at === 'border';
    return holes.every((hole) => side(position, hole) !== 'inside');
  };
}

interface Corner {
  readonly x: number;
  readonly y: number;
}

/**
 * A ring whose longitudes go on beyond 180 instead of jumping to -180: each side is the shorter way round, so that a
 * fence may lie across the antimeridian. Without the last corner, which repeats the first.
 */
function unrolled(ring: Ring, name: string): readonly Corner[] {
  const corners: Corner[] = [];
  for (const [longitude, latitude] of ring) {
    if (!(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180)) {
      throw new TypeError(`The fence ${name} has a corner that is not on Earth; corners are [longitude, latitude]`);
    }
    corners.push({ x: longitude + turnsBetween(longitude, corners.at(-1)?.x ?? longitude), y: latitude });
  }
  const [first] = corners;
  const last = corners.at(-1);
  if (first === undefined || last === undefined) throw new TypeError(`The fence ${name} has an empty ring`);
  if (turnsBetween(first.x, last.x) !== 0) {
    throw new TypeError(`The fence ${name} encloses a pole, or has a side that is half around the Earth`);
  }
  if (corners.length > 1 && last.x === first.x && last.y === first.y) corners.pop();
  if (corners.length < 3) throw new TypeError(`The fence ${name} has fewer than three corners`);
  return corners;
}

/** Whole turns, in degrees, that bring one longitude closest to another. */
function turnsBetween(longitude: number, other: number): number {
  return 360 * Math.round((other - longitude) / 360);
}

type Side = 'inside' | 'border' | 'outside';

/** The position is looked for at its longitude and one turn further, to both sides: the ring may lie at any of them. */
function side({ latitude, longitude }: Position, corners: readonly Corner[]): Side {
  let found: Side = 'outside';
  for (const turn of [-360, 0, 360]) {
    const there = sideInPlane({ x: longitude + turn, y: latitude }, corners);
    if (there === 'border') return there;
    if (there === 'inside') found = there;
  }
  return found;
}

/** Even-odd: how many sides a ray to the east crosses. */
function sideInPlane(point: Corner, corners: readonly Corner[]): Side {
  let inside = false;
  let from = corners.at(-1);
  for (const to of corners) {
    if (from !== undefined) {
      if (isBetween(point, from, to)) return 'border';
      const crosses = from.y > point.y !== to.y > point.y;
      if (crosses && point.x < from.x + ((point.y - from.y) / (to.y - from.y)) * (to.x - from.x)) inside = !inside;
    }
    from = to;
  }
  return inside ? 'inside' : 'outside';
}

function isBetween(point: Corner, from: Corner, to: Corner): boolean {
  const cross = (to.x - from.x) * (point.y - from.y) - (to.y - from.y) * (point.x - from.x);
  // A hundred-millionth of a degree is a millimetre.
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (Math.abs(cross) > 1e-8 * length) return false;
  const along = (point.x - from.x) * (to.x - from.x) + (point.y - from.y) * (to.y - from.y);
  return along >= 0 && along <= length ** 2;
}

function toRadians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
