/** Which requests are let in: what is being worked on stays within a bound, the rest is told to come back. */
export interface Admission {
  /** `undefined` when there is no room; otherwise what gives the room back. */
  enter(declaredLength: string | null): (() => void) | undefined;
}

export interface AdmissionLimits {
  readonly requests: number;
  /** Bytes of their bodies. */
  readonly bytes: number;
  /** What a body without a declared length is counted as. */
  readonly unknownBytes: number;
}

/** A body is held about five times (bytes, text, message, row, delivery): 64 MB of bodies are some 300 MB. */
export const defaultAdmission: AdmissionLimits = { requests: 2_000, bytes: 67_108_864, unknownBytes: 4_194_304 };

export function createAdmission(limits: AdmissionLimits = defaultAdmission): Admission {
  let requests = 0;
  let bytes = 0;
  return {
    enter(declaredLength) {
      // What is declared larger is refused without being read.
      const length = Math.min(
        declaredLength === null ? limits.unknownBytes : Number(declaredLength),
        limits.unknownBytes,
      );
      if (requests >= limits.requests || bytes + length > limits.bytes) return undefined;
      requests += 1;
      bytes += length;
      return () => {
        requests -= 1;
        bytes -= length;
      };
    },
  };
}
