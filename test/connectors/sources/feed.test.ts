import { describe, expect, it } from 'vitest';
import { parseFeed } from '../../../connectors/sources/feed.ts';
import { toRfc3339 } from '../../../connectors/sources/feed-date.ts';
import { decodeFeed } from '../../../connectors/sources/feed-text.ts';

const url = 'https://blog.example/feeds/all.xml';

describe('a feed', () => {
  it('is RSS 2.0', () => {
    const feed = parseFeed(
      `<?xml version="1.0" encoding="UTF-8"?>
      <rss version="2.0" xmlns:c="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:a="http://www.w3.org/2005/Atom">
      <channel><title>News &amp; more</title><link>https://blog.example/</link><a:link href="https://blog.example/self" rel="self"/>
        <item><title>Caf&eacute; &ndash; AT&T &mdash; 1 &lt; 2</title><link>/posts/2</link><guid isPermaLink="false">urn:2</guid>
          <description><![CDATA[<p>Short & <b>bold</b></p>]]></description><c:encoded>&lt;p&gt;Long&lt;/p&gt;</c:encoded>
          <dc:creator>Zoë</dc:creator><category>a</category><category>b</category><category>a</category>
          <pubDate>Sun, 22 Nov 2026 08:30:00 EST</pubDate>
          <enclosure url="/a.mp3" type="audio/mpeg" length="1234"/></item>
        <item><guid>https://blog.example/posts/1</guid><pubDate>yesterday</pubDate></item>
        <item><title>Only a title</title></item>
      </channel></rss>`,
      url,
    );
    expect(feed).toEqual({
      title: 'News & more',
      link: 'https://blog.example/',
      entries: [
        {
          id: 'urn:2',
          title: 'Café – AT&T — 1 < 2',
          link: 'https://blog.example/posts/2',
          summary: '<p>Short & <b>bold</b></p>',
          content: '<p>Long</p>',
          authors: ['Zoë'],
          categories: ['a', 'b'],
          published: '2026-11-22T13:30:00.000Z',
          enclosures: [{ url: 'https://blog.example/a.mp3', type: 'audio/mpeg', length: 1234 }],
        },
        { id: 'https://blog.example/posts/1', link: 'https://blog.example/posts/1' },
        { title: 'Only a title' },
      ],
    });
  });

  it('is RSS 1.0', () => {
    const feed = parseFeed(
      `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel rdf:about="https://x.example/"><title>X</title><link>https://x.example/</link></channel>
      <item rdf:about="https://x.example/1"><title>One</title><link>https://x.example/1?from=rss</link><dc:date>2026-11-22T10:00+01:00</dc:date></item>
      </rdf:RDF>`,
      url,
    );
    expect(feed.entries).toEqual([
      {
        id: 'https://x.example/1',
        title: 'One',
        link: 'https://x.example/1?from=rss',
        published: '2026-11-22T09:00:00.000Z',
      },
    ]);
  });

  it.each(['<feed xmlns="http://www.w3.org/2005/Atom"', '<z:feed xmlns:z="http://www.w3.org/2005/Atom"'])(
    'is Atom: %s',
    (start) => {
      const p = start.startsWith('<z') ? 'z:' : '';
      const feed = parseFeed(
        `${start} xml:base="https://a.example/x/"><${p}title type="html">&lt;b&gt;A&lt;/b&gt; feed</${p}title><${p}link href="/"/>
      <${p}entry><${p}id>tag:a.example,2026:1</${p}id><${p}title>One</${p}title>
        <${p}link rel="enclosure" href="v.mp4" type="video/mp4" length="9"/><${p}link href="one.html"/>
        <${p}author><${p}name>Ada</${p}name></${p}author><${p}category term="t"/>
        <${p}content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a <b class="x&quot;y">&lt;b&gt;</b><br/></div></${p}content>
        <${p}published>2026-11-22T08:00:00.5Z</${p}published><${p}updated>2026-11-22T10:00:00+02:00</${p}updated></${p}entry>
      </${p}feed>`,
        url,
      );
      expect(feed).toEqual({
        title: 'A feed',
        link: 'https://a.example/',
        entries: [
          {
            id: 'tag:a.example,2026:1',
            title: 'One',
            link: 'https://a.example/x/one.html',
            content: 'a <b class="x&quot;y">&lt;b&gt;</b><br/>',
            authors: ['Ada'],
            categories: ['t'],
            published: '2026-11-22T08:00:00.500Z',
            updated: '2026-11-22T08:00:00.000Z',
            enclosures: [{ url: 'https://a.example/x/v.mp4', type: 'video/mp4', length: 9 }],
          },
        ],
      });
    },
  );

  it('is JSON Feed', () => {
    const feed = parseFeed(
      JSON.stringify({
        version: 'https://jsonfeed.org/version/1.1',
        title: 'J',
        home_page_url: 'https://j.example/',
        items: [
          {
            id: 7,
            url: '/7',
            content_html: '<p>7</p>',
            date_published: '2026-11-22T08:00:00-07:00',
            authors: [{ name: 'Jo' }],
            tags: ['x', 3],
            attachments: [{ url: 'https://j.example/a', mime_type: 'audio/mp3', size_in_bytes: 5 }],
          },
          null,
        ],
      }),
      url,
    );
    expect(feed.entries).toEqual([
      {
        id: '7',
        link: 'https://j.example/7',
        content: '<p>7</p>',
        authors: ['Jo'],
        categories: ['x'],
        published: '2026-11-22T15:00:00.000Z',
        enclosures: [{ url: 'https://j.example/a', type: 'audio/mp3', length: 5 }],
      },
      {},
    ]);
  });

  const rss = (inside: string): string => `<rss version="2.0"><channel><title>t</title>${inside}</channel></rss>`;

  it.each<[string, string]>([
    ['entities that are declared', `<!DOCTYPE r [<!ENTITY a "b">]>${rss('<item><title>&a;</title></item>')}`],
    [
      'an entity from a file',
      `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${rss('<item><title>&x;</title></item>')}`,
    ],
    ['a feed that is cut off', rss('<item><guid>1</guid></item>').slice(0, -20)],
    ['levels without an end', rss('<a>'.repeat(100_000))],
    ['closed levels without an end', rss(`${'<a>'.repeat(1_000)}${'</a>'.repeat(1_000)}`)],
    ['elements without an end', rss('<a/>'.repeat(300_000))],
    ['HTML', '<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>x</body></html>'],
    ['another XML', '<sitemap></sitemap>'],
    ['nothing', ''],
    ['noise', '\u0000\u0001<<<<>>>>&&&&'],
    ['text', 'Service Unavailable'],
    ['faults without an end', `<rss>${'&'.repeat(100_000)}</rss>`],
    ['JSON of another kind', '{"items":[]}'],
    ['JSON that is cut off', '{"version":"https://jsonfeed.org/version/1","items":['],
  ])('is not %s', (_, text) => {
    const startedAt = performance.now();
    expect(() => parseFeed(text, url)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('keeps an entity that nobody knows as it is, and takes an old document type', () => {
    const doctype =
      '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">';
    const { entries } = parseFeed(
      `${doctype}${rss('<item><title>&lol; &constructor; &#x1F600; &#0;</title></item>')}`,
      url,
    );
    expect(entries[0]?.title).toBe('&lol; &constructor; 😀 &#0;');
  });

  it('makes no prototype of what a feed names', () => {
    const { entries } = parseFeed(
      rss('<item __proto__="x"><__proto__>y</__proto__><guid constructor="z">1</guid></item>'),
      url,
    );
    expect(entries).toEqual([{ id: '1' }]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('is read in linear time, however it is written', () => {
    const startedAt = performance.now();
    const title = `<title type="html">${'&lt;'.repeat(200_000)}</title>`;
    parseFeed(`<feed xmlns="http://www.w3.org/2005/Atom">${title}<entry><id>1</id></entry></feed>`, url);
    const attributes = Array.from({ length: 20_000 }, (_, index) => `a${index}="x"`).join(' ');
    parseFeed(rss(`<item ${attributes}><guid>1</guid></item>`), url);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('the encoding of a feed', () => {
  const text = '<?xml version="1.0" encoding="ISO-8859-1"?><t>Zoë</t>';
  const latin1 = Buffer.from(text, 'latin1');
  it.each<[string, Uint8Array, string | null, string]>([
    [
      'a mark',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('<t>Zoë</t>', 'utf16le')]),
      'text/xml; charset=utf-8',
      '<t>Zoë</t>',
    ],
    ['a mark of UTF-8', Buffer.from('\uFEFF<t>Zoë</t>'), null, '<t>Zoë</t>'],
    ['the header', Buffer.from('<t>Zoë</t>', 'latin1'), 'text/xml; charset="windows-1252"', '<t>Zoë</t>'],
    ['the declaration', latin1, 'application/rss+xml', text],
    ['nothing', Buffer.from('<t>Zoë</t>'), null, '<t>Zoë</t>'],
    [
      'GBK',
      Buffer.from([0x3c, 0x74, 0x3e, 0xb7, 0xc9, 0xca, 0xe9, 0x3c, 0x2f, 0x74, 0x3e]),
      'text/xml; charset=gbk',
      '<t>飞书</t>',
    ],
    [
      'Shift_JIS',
      Buffer.from([0x3c, 0x74, 0x3e, 0x93, 0xfa, 0x96, 0x7b, 0x3c, 0x2f, 0x74, 0x3e]),
      'text/xml; charset=shift_jis',
      '<t>日本</t>',
    ],
  ])('is told by %s', (_, bytes, header, expected) => expect(decodeFeed(bytes, header)).toBe(expected));

  it('is one that is known', () => {
    expect(() => decodeFeed(Buffer.from(''), 'text/xml; charset=x-klingon')).toThrow(/encoding x-klingon/);
  });
});

describe('the date of an entry', () => {
  it.each([
    ['Sun, 22 Nov 2026 08:30:00 GMT', '2026-11-22T08:30:00.000Z'],
    ['22 Nov 26 08:30 +0200', '2026-11-22T06:30:00.000Z'],
    ['Sunday, 22-Nov-2026 08:30:00 PDT', '2026-11-22T15:30:00.000Z'],
    ['Sun, 22 November 2026 08:30:00 +01:00 (CET)', '2026-11-22T07:30:00.000Z'],
    ['1 Jan 99 00:00:00 Z', '1999-01-01T00:00:00.000Z'],
    ['22 Nov 2026', '2026-11-22T00:00:00.000Z'],
    ['2026', '2026-01-01T00:00:00.000Z'],
    ['2026-11', '2026-11-01T00:00:00.000Z'],
    ['2026-11-22', '2026-11-22T00:00:00.000Z'],
    ['2026-11-22T08:30Z', '2026-11-22T08:30:00.000Z'],
    ['2026-11-22 08:30:00.1234567 -0330', '2026-11-22T12:00:00.123Z'],
    ['2024-02-29T23:59:60Z', '2024-03-01T00:00:00.000Z'],
  ])('%s', (text, expected) => expect(toRfc3339(text)).toBe(expected));

  it.each([
    undefined,
    '',
    'yesterday',
    '31 Feb 2026',
    '2026-13-01',
    '2026-02-30',
    '32 Nov 2026 08:00:00 GMT',
    '1',
    'x'.repeat(100),
    '2026-11-22T99:00Z',
  ])('is not %s', (text) => expect(toRfc3339(text)).toBeUndefined());
});
