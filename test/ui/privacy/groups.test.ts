import { describe, expect, it } from 'vitest';
import { groupRequests, splitByHost } from '../../../src/ui/privacy/groups.ts';
import type { SeenRequest } from '../../../src/worker/requests.ts';

const request = (url: string, rest: Partial<SeenRequest> = {}): SeenRequest => ({
  by: 'page',
  url,
  kind: 'fetch',
  from: 'host',
  bytes: 10,
  ...rest,
});

describe('splitByHost', () => {
  it('counts another port, scheme or name as another host, and what the page made itself as none', () => {
    const own = request('http://a.example:80/x.js');
    const others = [request('http://a.example:8080/'), request('https://b.example/'), request('ws://b.a.example/')];
    const made = [request('blob:http://a.example/1'), request('data:text/plain,1')];
    expect(splitByHost({ requests: [own, ...others, ...made], refusals: [] }, 'a.example')).toEqual({
      own: [own],
      others,
    });
  });

  it('takes a refusal for one request that brought nothing, and no more', () => {
    const url = 'http://b.example/x';
    const refusals = [{ by: 'page' as const, url, directive: 'connect-src' }];
    const [first, second] = [request(url, { bytes: 0 }), request(url, { bytes: 0 })];
    expect(splitByHost({ requests: [first, second], refusals }, 'a.example').others).toEqual([second]);
    expect(splitByHost({ requests: [request(url)], refusals }, 'a.example').others).toHaveLength(1);
    expect(splitByHost({ requests: [{ ...first, by: 'engine' }], refusals }, 'a.example').others).toHaveLength(1);
  });
});

describe('groupRequests', () => {
  it('adds up by asker and subject, the largest first', () => {
    const groups = groupRequests([
      request('http://a/'),
      request('http://a/some/assets/x.js'),
      request('http://a/some/assets/y.wasm?1', { bytes: 30, from: 'cache' }),
      request('http://a/some/assets/x.js', { by: 'engine' }),
      request('http://a/samples/x.csv'),
      request('http://a/x.bin'),
    ]);
    expect(groups[0]).toEqual({
      subject: 'Code',
      by: 'page',
      requests: 2,
      bytes: 40,
      from: { host: 1, cache: 1, 'offline copy': 0 },
    });
    expect(groups.slice(1).map(({ subject, by }) => `${subject} ${by}`)).toEqual([
      'The page itself page',
      'Samples page',
      'Other files page',
      'Code engine',
    ]);
  });
});
