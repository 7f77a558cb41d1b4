import type { Draft } from '../../inventory/draft.ts'
import { InventoryError } from '../../inventory/errors.ts'
import type { FileStore } from '../../inventory/files.ts'
import { checkImageFiles } from '../../inventory/image-files.ts'
import {
  type Entities,
  type EntityKind,
  ImageInput,
  MachineInput,
  RoleInput,
  SubnetInput
} from '../../inventory/model.ts'
import { imageFrom, machineFrom, roleFrom, subnetFrom } from '../../inventory/normalize.ts'
import { type Finding, fieldOf, type Validator } from '../../net/validation.ts'

export const SCHEMAS = { machine: MachineInput, role: RoleInput, image: ImageInput, subnet: SubnetInput } as const

const PLURALS = { machine: 'machines', role: 'roles', image: 'images', subnet: 'subnets' } as const
export const pluralOf = (kind: EntityKind) => PLURALS[kind]

/** Puts an entity of the right shape into a draft, where it replaces the one of its name. */
export function putInput(draft: Draft, files: FileStore, kind: EntityKind, input: unknown): Entities[EntityKind] {
  switch (kind) {
    case 'machine': {
      const body = input as MachineInput
      return draft.putMachine(machineFrom(body, draft.get('machine', body.name)))
    }
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
