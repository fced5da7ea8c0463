import type { OwnRole, RoleList } from '../../../shared/roles';
import { del, get, post, put } from './http';

export function listRoles(): Promise<RoleList> {
  return get('/roles');
}

export function createRole(name: string, permissions: string[]): Promise<OwnRole> {
  return post('/roles', { name, permissions });
}

export function changeOwnRole(id: string, name: string, permissions: string[]): Promise<OwnRole> {
  return put(`/roles/${id}`, { name, permissions });
}

export function deleteRole(id: string): Promise<void> {
  return del(`/roles/${id}`);
}
