import { batch, signal } from '@preact/signals';
import type { Member } from '../../../shared/members';
import type { OwnRole, RoleList } from '../../../shared/roles';
import { listMembers } from '../api/members';
import { changeOwnRole, createRole, deleteRole, listRoles } from '../api/roles';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

export const roles = new Loaded<RoleList>();
/** Who has which; empty until it is known. */
export const roleMembers = signal<Member[]>([]);
/** The role that is being changed; `new` for one that is being made. */
export const editingRole = signal<OwnRole | 'new' | null>(null);
/** The role that somebody is about to delete. */
export const deletingRole = signal<OwnRole | null>(null);

/** Never given to a role: owners own by their membership. */
const OWNERS_ALONE = 'account:manage';

/** Everything that a role can be given, in the order of the matrix. */
export function givable(list: RoleList): string[] {
  const owner = list.built_in.find((known) => known.role === 'owner');
  return (owner?.permissions ?? []).filter((permission) => permission !== OWNERS_ALONE);
}

export function loadRoles(): Promise<void> {
  return roles.load(listRoles);
}

/** With who has which. Without that the page says less, and is there all the same. */
export async function loadRolesPage(): Promise<void> {
  await Promise.all([
    loadRoles(),
    listMembers().then(
      (rows) => {
        roleMembers.value = rows;
      },
      () => undefined,
    ),
  ]);
}

/** Leaves nothing for whoever signs in next. */
export function leaveRolesPage(): void {
  batch(() => {
    roles.value.value = null;
    roleMembers.value = [];
    editingRole.value = null;
    deletingRole.value = null;
  });
}

/** Throws what the form shows. */
export async function saveRole(name: string, permissions: string[]): Promise<void> {
  const role = editingRole.value;
  if (role === 'new') await createRole(name, permissions);
  else if (role) await changeOwnRole(role.id, name, permissions);
  editingRole.value = null;
  toast(`${name} is saved`);
  await loadRolesPage();
}

export async function removeRole(role: OwnRole): Promise<void> {
  try {
    await deleteRole(role.id);
    toast(`${role.name} is deleted`);
  } catch (error) {
    toast(`${role.name} was not deleted. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  deletingRole.value = null;
  await loadRolesPage();
}
