import { type BundledFunction, defineFunction } from '../../functions/compute/define-function.ts';
import { type Area, type Fence, prepareFence } from './geometry.ts';

/**
 * Tells in which fences a vehicle is. The event goes on with `data.fences`, the names of those that contain its
 * position; for each one an event `geofence.inside` is published, so that other rules can act on it.
 *
 * It keeps nothing between two positions: whether a vehicle has just come or gone is seen by comparing two events,
 * where they are stored.
 * @throws TypeError for a fence that encloses a pole, has too few corners, or no radius
 */
export function createGeoFence(fences: readonly Fence[], name = 'geo-fence'): BundledFunction {
  const areas: readonly Area[] = fences.map(prepareFence);

  return defineFunction({
    name,
    description: 'Names the fences that contain the position of a vehicle, and publishes geofence.inside for each',
    schema: {
      type: 'object',
      required: ['latitude', 'longitude'],
      properties: {
        vehicle: { type: 'string' },
        latitude: { type: 'number', minimum: -90, maximum: 90 },
        longitude: { type: 'number', minimum: -180, maximum: 180 },
      },
    },
    handler(event, { emit }) {
      const { latitude, longitude, vehicle } = event.data;
      const inside = areas.filter(({ contains }) => contains({ latitude, longitude })).map((area) => area.name);
      for (const fence of inside) {
        emit({
          // The same for every attempt, so that whoever receives it twice can tell.
          id: `${event.id}-${fence}`,
          type: 'geofence.inside',
          subject: fence,
          ...(event.time === undefined ? {} : { time: event.time }),
          data: { fence, latitude, longitude, ...(vehicle === undefined ? {} : { vehicle }) },
        });
      }
      return { ...event, data: { ...event.data, fences: inside } };
    },
  });
}
