/** Numbers as letters, as columns of a spreadsheet have them: a, b, … z, aa; `first` is the code of the letter for 1. */
export function toLetters(value: number, first: number): string {
  let letters = '';
  for (let rest = value; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(((rest - 1) % 26) + first) + letters;
  }
  return letters;
}

export function fromLetters(text: string, first: number): number {
  // From the right, with powers: how large values are rounded depends on it.
  let value = 0;
  for (let place = 0; place < text.length; place += 1) {
    value += (text.charCodeAt(text.length - place - 1) - first + 1) * 26 ** place;
  }
  return value;
}

export function toRoman(value: number): string {
  let rest = value;
  let roman = '';
  for (const [step, letters] of romanSteps) {
    const count = Math.floor(rest / step);
    roman += letters.repeat(count);
    rest -= count * step;
  }
  return roman;
}

/** Of capital letters; others make it NaN. */
export function fromRoman(text: string): number {
  let value = 0;
  let largest = 1;
  for (const letter of Array.from(text).reverse()) {
    const step = romanSteps.find(([, letters]) => letters.toUpperCase() === letter)?.[0] ?? Number.NaN;
    // A smaller letter before a larger one counts against it.
    if (step < largest) value -= step;
    else {
      largest = step;
      value += step;
    }
  }
  return value;
}

const romanSteps: readonly (readonly [number, string])[] = [
  [1000, 'm'],
  [900, 'cm'],
  [500, 'd'],
  [400, 'cd'],
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
];
