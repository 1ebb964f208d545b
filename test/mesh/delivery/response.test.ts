import { describe, expect, it } from 'vitest';
import { excerpt, readResponse } from '../../../mesh/delivery/response.ts';

describe('readResponse', () => {
  it('reads a short body whole', async () => {
    expect(await readResponse(new Response('hallo 😀'))).toBe('hallo 😀');
    expect(await readResponse(new Response(null))).toBe('');
  });

  it('reads 16 KB of an endless body and cancels the rest', async () => {
    let cancelled = false;
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1000;
        controller.enqueue(new Uint8Array(1000).fill(97));
      },
      cancel() {
        cancelled = true;
      },
    });
    expect(await readResponse(new Response(endless))).toHaveLength(16_384);
    expect(cancelled).toBe(true);
    expect(sent).toBeLessThan(20_000);
  });

  it('puts characters together that come in parts', async () => {
    const bytes = new TextEncoder().encode('é😀');
    const parts = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect(await readResponse(new Response(parts))).toBe('é😀');
  });
});

describe('excerpt', () => {
  it('is one line of visible characters', () => {
    expect(excerpt(' a\r\n\tb\u0000\u001B[31mc\u202E\u2028d\uD800 ')).toBe('a b [31mc d');
  });

  it('has at most 512 characters and no half of one', () => {
    expect(excerpt('x'.repeat(600))).toHaveLength(512);
    expect(excerpt(`${'x'.repeat(511)}😀`)).toBe('x'.repeat(511));
  });

  it('masks what the target echoes of our secrets', () => {
    expect(excerpt('you sent Bearer abcdefgh, twice: Bearer abcdefgh', ['Bearer abcdefgh'])).toBe(
      'you sent ***, twice: ***',
    );
  });
});
