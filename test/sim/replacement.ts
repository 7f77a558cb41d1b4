import type { Node } from './node.ts'
import type { World } from './world.ts'

/** Milliseconds after which it is tried again to forget the instance whose disk broke. */
const AGAIN = 300_000

/** A person who has an instance whose disk broke replaced: the other one forgets it as soon as it may, and another one joins. */
export class Replacement {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Not where the disk has what the other one lacks, for good. */
  begin(node: Node): void {
    if (node.isLost || !node.peer.canGoOn) return
    node.loseDisk()
    this.#world.tell(`the disk of ${node.name} breaks`)
    this.#forget(node)
  }

  #forget(lost: Node): void {
    if (!lost.isLost) return
    const { peer } = lost
    if (peer.isRunning && !peer.isFrozen) {
      const { pair } = peer.parts
      const refused = pair.partnerDown(true)
      const objection = pair.objectionToForget()
      if (objection === undefined) {
        void this.#replace(lost)
      } else {
        this.#world.tell(`${peer.name} can't forget ${lost.name}: ${refused ?? objection}`)
      }
    }
    this.#world.after(AGAIN, () => this.#forget(lost))
  }

  async #replace(lost: Node): Promise<void> {
    const { peer } = lost
    if (!(await peer.forget()) || !lost.isLost) return
    this.#world.tell(`${peer.name} forgets ${lost.name}, which joins anew`)
    lost.slot = 1
    lost.start()
  }
}
