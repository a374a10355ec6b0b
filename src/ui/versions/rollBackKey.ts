// The key that rolls a champion back: Alt+Shift+R, but not while somebody writes.

/** By its place on the keyboard, for with Alt it writes another sign on some. */
export function isRollBackKey(event: KeyboardEvent): boolean {
  const { altKey, shiftKey, ctrlKey, metaKey, code, repeat, target } = event;
  if (code !== 'KeyR' || !altKey || !shiftKey || ctrlKey || metaKey || repeat) return false;
  return !(target instanceof Element && target.closest('input, textarea, select, dialog, [contenteditable]'));
}
