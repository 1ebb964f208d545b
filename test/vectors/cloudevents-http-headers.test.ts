import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { decodeHeaderValue, encodeHeaderValue } from '../../event/header-value.ts';
import { describeVectors } from './report.ts';

interface Vectors {
  roundTrip: [value: string, header: string][];
  decodeOnly: [header: string, value: string][];
  invalid: string[];
}

describeVectors('cloudevents-http-headers.json', ({ roundTrip, decodeOnly, invalid }: Vectors, check) => {
  for (const [value, header] of roundTrip) {
    check(`${value} both ways`, () => {
      expect(encodeHeaderValue(value)).toBe(header);
      expect(decodeHeaderValue(header, 'ce-test')).toBe(value);
    });
  }
  for (const [header, value] of decodeOnly) {
    check(`${header} is decoded`, () => expect(decodeHeaderValue(header, 'ce-test')).toBe(value));
  }
  for (const header of invalid) {
    check(`${header} is refused`, () => expect(() => decodeHeaderValue(header, 'ce-test')).toThrow(TulleError));
  }
});
