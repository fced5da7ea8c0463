/**
 * Things that were deleted here: first they wait for an "Undo", then their request is under way, then they are gone. `has` is true from
 * `add` on, unless it was kept or refused, so that a list asked for before the deletion brings nothing back. Ids are never used again.
 */
export class Removals<Item extends { id: string }> {
  private readonly waiting = new Map<string, Item>();
  private readonly underWay = new Map<string, Promise<boolean>>();
  private readonly gone = new Set<string>();
  private readonly remove: (item: Item) => Promise<void>;
  private readonly refused: (item: Item, error: unknown) => void;

  /** `refused` is told of each item that `remove` failed on. */
  constructor(remove: (item: Item) => Promise<void>, refused: (item: Item, error: unknown) => void) {
    this.remove = remove;
    this.refused = refused;
  }

  has(id: string): boolean {
    return this.waiting.has(id) || this.underWay.has(id) || this.gone.has(id);
  }

  add(item: Item): void {
    this.waiting.set(item.id, item);
  }

  /** False when it is too late: the request has been sent. */
  keep(id: string): boolean {
    return this.waiting.delete(id);
  }

  /** Sends what still waits; true once it is deleted, false when it was refused. A second call shares the first one's answer. */
  finish(id: string): Promise<boolean> {
    const item = this.waiting.get(id);
    if (!item) return this.underWay.get(id) ?? Promise.resolve(true);
    this.waiting.delete(id);
    const request = this.carryOut(item);
    this.underWay.set(id, request);
    return request;
  }

  /** True once everything is deleted, what was under way before included; false when something was refused. */
  async finishAll(): Promise<boolean> {
    const ids = [...this.waiting.keys(), ...this.underWay.keys()];
    const done = await Promise.all(ids.map((id) => this.finish(id)));
    return done.every(Boolean);
  }

  private async carryOut(item: Item): Promise<boolean> {
    try {
      await this.remove(item);
      this.gone.add(item.id);
      this.underWay.delete(item.id);
      return true;
    } catch (error) {
      this.underWay.delete(item.id);
      this.refused(item, error);
      return false;
    }
  }
}
