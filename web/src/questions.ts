// Questions to the person, one after the other: none takes the place of another one that is being read, and each is answered once.

export type Question<T> = { id: number; item: T };

export class Questions<T> {
  private waiting: (Question<T> & { done: (yes: boolean) => void })[] = [];
  private listeners = new Set<() => void>();
  private next = 0;

  /** Asks; true is a yes. */
  ask(item: T): Promise<boolean> {
    return new Promise((done) => {
      this.waiting = [...this.waiting, { id: this.next++, item, done }];
      this.tell();
    });
  }

  /** The one that is shown. */
  first = (): Question<T> | undefined => this.waiting[0];

  /** Answers the one that is shown, and no other that came in its place. */
  answer(id: number, yes: boolean): void {
    const [first, ...rest] = this.waiting;
    if (first?.id !== id) return;
    this.waiting = rest;
    first.done(yes);
    this.tell();
  }

  /** A no to all. */
  drop(): void {
    const all = this.waiting;
    this.waiting = [];
    for (const question of all) question.done(false);
    this.tell();
  }

  subscribe = (told: () => void): (() => void) => {
    this.listeners.add(told);
    return () => this.listeners.delete(told);
  };

  private tell(): void {
    for (const told of this.listeners) told();
  }
}
