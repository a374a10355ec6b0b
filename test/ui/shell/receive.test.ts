import { describe, expect, it } from 'vitest';
import { looksLikeTable } from '../../../src/ui/shell/receive.ts';
import { routeOfHash } from '../../../src/ui/shell/stages.ts';

describe('looksLikeTable', () => {
  it.each(['a,b\n1,2', 'a\tb\r\n1\t2\r\n3\t4', 'a;b;c\n1;2;3\n4;5;6', 'a|b\n1|2'])('takes %j', (text) => {
    expect(looksLikeTable(text)).toBe(true);
  });

  it.each(['', 'a word', 'a,b', 'one line\nand another', 'Well, yes.\nNo'])('leaves %j to others', (text) => {
    expect(looksLikeTable(text)).toBe(false);
  });
});

describe('routeOfHash', () => {
  it('reads the stage, and takes Data for anything else', () => {
    expect(routeOfHash('#/train')).toBe('train');
    expect(routeOfHash('#predict')).toBe('predict');
    expect(routeOfHash('')).toBe('data');
    expect(routeOfHash('#/constructor')).toBe('data');
  });
});
