import { createLiveDocuments } from '../admin/changes/live-documents.ts';
import { createDiscovery } from '../admin/discovery.ts';
import { createSnapshotReader } from '../admin/snapshot-reader.ts';
import { createAuthenticator, type KeyLookup } from '../mesh/authentication.ts';
import { createEventMeter } from '../mesh/event-meter.ts';
import type { Identities } from '../mesh/identity/identities.ts';
import type { IngressOptions } from '../mesh/ingress.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import { defaultLimits } from '../mesh/protocols/protocol.ts';
import { createRecentEnvelopes } from '../mesh/recent-envelopes.ts';
import { createSnapshotSource, type OpenGate } from '../mesh/snapshot-source.ts';
import type { FrontPlatform } from './platform.ts';

/**
 * What publishing needs of a mesh. A platform that pays for what it loads makes this first, and the mesh when it is asked
 * for more.
 */
export interface Front {
  readonly ingress: IngressOptions;
  readonly identities: Identities;
}

/** What few events need: at once, or loaded with the first that does. */
export interface FrontParts {
  /** For buses that look at schemas. */
  readonly openGate: OpenGate;
  /** For publishers to a bus that is not there. */
  readonly findKey: (live: Documents) => KeyLookup;
  /** For tokens of identity providers. */
  readonly identities: (platform: FrontPlatform, live: Documents) => Identities;
}

export function createFront(platform: FrontPlatform, parts: FrontParts): Front {
  const { documents, snapshots, queue, waits, runtime, adminKey, exactLength, report } = platform;
  const live = createLiveDocuments(documents);
  const identities = parts.identities(platform, live);
  return {
    identities,
    ingress: {
      snapshots: createSnapshotSource(createSnapshotReader({ documents, snapshots, runtime }), runtime, parts.openGate),
      queue,
      ...(waits && { waits }),
      authenticator: createAuthenticator({ adminKey, now: runtime.now, identities }),
      limits: { ...defaultLimits, exactLength },
      meter: createEventMeter(runtime.now),
      runtime,
      envelopes: platform.dispatchesHere === true ? createRecentEnvelopes() : undefined,
      report,
      findKey: parts.findKey(live),
      discovery: createDiscovery(documents, runtime),
    },
  };
}
