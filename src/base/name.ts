// Names that people give, and those that files bring along: which characters they may have, and how long they may be.

import { UserError } from './errors.ts';

const LONGEST = 200;
/** Controls, line breaks, halves of surrogates, and the marks that turn the text beside them round. */
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * @param thing what is named: `model`
 * @returns the name without blanks around it
 * @throws UserError where nothing is left, it is too long, or has a character that cannot be shown
 */
export function checkName(thing: string, name: string, longest = LONGEST): string {
  const trimmed = name.trim();
  if (trimmed === '') throw new UserError('missing', `${thing} name: it is empty. Give it one.`);
  if (trimmed.length > longest) {
    throw new UserError('invalid', `${thing} name: it has ${trimmed.length} characters, at most ${longest} fit.`);
  }
  const [unseen] = trimmed.match(UNSEEN) ?? [];
  if (unseen !== undefined) {
    throw new UserError(
      'invalid',
      `${thing} name '${showUnseen(trimmed)}': ${codeOf(unseen)} in it cannot be shown. Take it out.`,
    );
  }
  return trimmed;
}

/** The nearest name that `checkName` takes; `fallback` where nothing is left. */
export function mendName(name: string, fallback: string): string {
  const seen = name.replace(UNSEEN, ' ').trim().slice(0, LONGEST);
  return seen.replace(/\p{Cs}$/u, '').trim() || fallback; // the cut may have halved a pair
}

/** The text with every such character as its code, so that it is seen and does nothing: `a\u202eb`. */
export function showUnseen(text: string): string {
  return text.replace(UNSEEN, codeOf);
}

function codeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
