/**
 * The array elements of an event that values were found in, as a tree: an element is an object or array in an array,
 * its parent the element around that array. Two values contradict each other where their ways up the tree meet in two
 * elements of one array.
 */
export interface Element {
  readonly array: number;
  readonly index: number;
  readonly parent: Element | undefined;
  readonly depth: number;
  /** For the question at hand (`canChoose`): the fields found in the element itself, and what its arrays offer. */
  question: number;
  fields: number;
  offers: Map<number, Set<number>> | undefined;
}

export function createElement(array: number, index: number, parent: Element | undefined): Element {
  const depth = parent === undefined ? 1 : parent.depth + 1;
  return { array, index, parent, depth, question: 0, fields: 0, offers: undefined };
}

/** Pairs of array number and index, outermost first: the form in which conjunctions are joined. */
export function pairsOf(element: Element | undefined): readonly number[] {
  const pairs: number[] = [];
  for (let at = element; at !== undefined; at = at.parent) pairs.unshift(at.array, at.index);
  return pairs;
}

/** Fields are bits of an integer here. */
export const mostFields = 30;
/** Combinations that one element may come to, before the question is given up. */
const mostOffers = 4096;

/**
 * Whether a value can be chosen for every field so that no two contradict each other; `undefined` where there are too
 * many combinations to say. `fields` has for each of them the elements of its values (`undefined`: in none); `question`
 * is a number that was not used before, so that what elements keep for one question is not taken for another's.
 *
 * Each element offers sets of fields: those of its own, joined with what one element of each of its arrays offers.
 * Going from the innermost elements outwards, every element is looked at once.
 */
export function canChoose(
  fields: readonly (readonly (Element | undefined)[])[],
  question: number,
): boolean | undefined {
  const levels: Element[][] = [];
  let outside = 0;
  for (const [i, elements] of fields.entries()) {
    for (const element of elements) {
      if (element === undefined) {
        outside |= 1 << i;
      } else {
        touch(element, question, levels);
        element.fields |= 1 << i;
      }
    }
  }
  const wanted = (1 << fields.length) - 1;
  const root: Offering = { fields: outside, offers: undefined };
  for (let depth = levels.length - 1; depth > 0; depth--) {
    for (const element of levels[depth] ?? []) {
      const offered = combine(element, wanted);
      if (offered === undefined) return undefined;
      offer(element.parent ?? root, element.array, offered);
    }
  }
  return combine(root, wanted)?.includes(wanted);
}

interface Offering {
  readonly fields: number;
  offers: Map<number, Set<number>> | undefined;
}

function touch(element: Element, question: number, levels: Element[][]): void {
  for (let at: Element | undefined = element; at !== undefined && at.question !== question; at = at.parent) {
    at.question = question;
    at.fields = 0;
    at.offers = undefined;
    (levels[at.depth] ??= []).push(at);
  }
}

function offer(to: Offering, array: number, offered: readonly number[]): void {
  to.offers ??= new Map();
  let known = to.offers.get(array);
  if (known === undefined) to.offers.set(array, (known = new Set()));
  for (const set of offered) known.add(set);
}

/** Every set of fields that an element can provide, choosing one element in each of its arrays. */
function combine({ fields, offers }: Offering, wanted: number): readonly number[] | undefined {
  let sets: readonly number[] = [fields];
  if (offers === undefined) return sets;
  for (const choices of offers.values()) {
    const joined = new Set<number>();
    for (const set of sets) for (const choice of choices) joined.add(set | choice);
    if (joined.has(wanted)) return [wanted];
    if (joined.size > mostOffers) return undefined;
    sets = [...joined];
  }
  return sets;
}
