import type { Draft } from '../../inventory/draft.ts'
import { InventoryError } from '../../inventory/errors.ts'
import type { FileStore } from '../../inventory/files.ts'
import { checkImageFiles } from '../../inventory/image-files.ts'
import { ClassInput, GlobalInput, ImageInput, MachineInput, RoleInput, SubnetInput } from '../../inventory/inputs.ts'
import type { Entities, EntityKind } from '../../inventory/model.ts'
import { globalFrom, imageFrom, machineFrom, roleFrom, subnetFrom } from '../../inventory/normalize.ts'
import { classFrom } from '../../inventory/normalize-class.ts'
import { type Finding, fieldOf, type Validator } from '../../net/validation.ts'

export const SCHEMAS = {
  global: GlobalInput,
  subnet: SubnetInput,
  class: ClassInput,
  image: ImageInput,
  role: RoleInput,
  machine: MachineInput
} as const

/** What REST and YAML call all entities of a kind. */
export const PLURALS = {
  global: 'global',
  subnet: 'subnets',
  class: 'classes',
  image: 'images',
  role: 'roles',
  machine: 'machines'
} as const

/** Puts an entity of the right shape into a draft, where it replaces the one of its name. */
export function putInput(draft: Draft, files: FileStore, kind: EntityKind, input: unknown): Entities[EntityKind] {
  switch (kind) {
    case 'machine': {
      const body = input as MachineInput
      return draft.putMachine(machineFrom(body, draft.get('machine', body.name)))
    }
    case 'global':
      return draft.putGlobal(globalFrom(input as GlobalInput))
    case 'class':
      return draft.putClass(classFrom(input as ClassInput))
    case 'role':
      return draft.putRole(roleFrom(input as RoleInput))
    case 'subnet':
      return draft.putSubnet(subnetFrom(input as SubnetInput))
    case 'image': {
      const image = imageFrom(input as ImageInput)
      checkImageFiles(files, image)
      return draft.putImage(image)
    }
  }
}

/** @throws {InventoryError} `invalid`, naming every field that isn't of its shape. */
export function checkShape(validator: Validator, kind: EntityKind, input: unknown): void {
  raise(validator.check(SCHEMAS[kind], input))
}

export function raise(findings: readonly Finding[]): void {
  if (findings.length === 0) return
  throw InventoryError.invalid(findings.map(({ path, message }) => ({ field: fieldOf(path) || 'the body', message })))
}
