import type { OwnRole, RoleList } from '../../../shared/roles';
import { roleLabel } from '../state/members';
import { deletingRole, editingRole, givable, roleMembers } from '../state/roles';
import { Icon } from './icon';

/** Roles of the account's own: who has them, and what can be done with them. */
export function OwnRoles({ roles }: { roles: OwnRole[] }) {
  return (
    <section class="card list-card" aria-labelledby="own-roles-title">
      <header class="card-head">
        <h3 id="own-roles-title">
          Your own roles <span class="card-count">{roles.length}</span>
        </h3>
        <button
          type="button"
          class="button primary"
          onClick={() => {
            editingRole.value = 'new';
          }}
        >
          <Icon name="plus" />
          New role
        </button>
      </header>
      {roles.length === 0 ? (
        <p class="card-empty">The built-in roles below are all there are so far.</p>
      ) : (
        <ul class="intents">
          {roles.map((role) => (
            <RoleRow key={role.id} role={role} />
          ))}
        </ul>
      )}
    </section>
  );
}

function RoleRow({ role }: { role: OwnRole }) {
  const names = roleMembers.value.filter((member) => member.own_role?.id === role.id).map((member) => member.name);
  return (
    <li class="intent member">
      <div class="intent-main">
        <span class="key-name">{role.name}</span>
        <span class="intent-counts">A part of {roleLabel(role.base)}</span>
        <span class="intent-counts">{names.join(', ') || 'Nobody has it'}</span>
      </div>
      <button
        type="button"
        class="button ghost icon-only"
        aria-label={`Change ${role.name}`}
        title={`Change ${role.name}`}
        onClick={() => {
          editingRole.value = role;
        }}
      >
        <Icon name="pencil" />
      </button>
      <button
        type="button"
        class="button ghost danger icon-only"
        aria-label={`Delete ${role.name}`}
        title={`Delete ${role.name}`}
        onClick={() => {
          deletingRole.value = role;
        }}
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}

/** The matrix: a line a permission, a column a role. What is built in cannot be changed. */
export function RoleMatrix({ list }: { list: RoleList }) {
  const columns = [
    ...list.built_in.map((known) => ({ key: known.role, name: roleLabel(known.role), has: known.permissions })),
    ...list.roles.map((role) => ({ key: role.id, name: role.name, has: role.permissions })),
  ];
  return (
    <div class="card">
      <h3 id="matrix-title">Who may what</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard. */}
      <section class="matrix-scroll" tabIndex={0} aria-labelledby="matrix-title">
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col">Permission</th>
              {columns.map((column) => (
                <th key={column.key} scope="col">
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...givable(list), 'account:manage'].map((permission) => (
              <tr key={permission}>
                <th scope="row">{permissionLabel(permission)}</th>
                {columns.map((column) => (
                  <td key={column.key}>
                    {column.has.includes(permission) ? (
                      <>
                        <Icon name="check" />
                        <span class="visually-hidden">yes</span>
                      </>
                    ) : (
                      <span class="visually-hidden">no</span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

/** `api_keys:read` as "API keys: read". */
export function permissionLabel(permission: string): string {
  const [resource = '', action = ''] = permission.split(':');
  const words = resource.replace(/_/g, ' ').replace(/^api /, 'API ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}: ${action}`;
}
