/** Puts a popover beside what it belongs to, and within the window. */
const MARGIN = 8;
const GAP = 4;

export function place(popover: HTMLElement, anchor: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = popover;
  const rtl = getComputedStyle(popover).direction === 'rtl';
  // A point is where it begins; beside a box it ends where the box ends.
  const begins = anchor.width === 0 ? !rtl : rtl;
  const left = begins ? anchor.left : anchor.right - width;
  const below = anchor.bottom + GAP;
  const top = below + height > innerHeight - MARGIN ? anchor.top - height - GAP : below;
  popover.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN))}px`;
  popover.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - height - MARGIN))}px`;
}
