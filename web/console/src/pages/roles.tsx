import { useEffect } from 'preact/hooks';
import { mayRunAccount } from '../api/session';
import { Page, PageSkeleton } from '../components/page';
import { DeleteRoleDialog, RoleDialog } from '../components/role-dialogs';
import { OwnRoles, RoleMatrix } from '../components/role-list';
import { Failed } from '../components/states';
import { deletingRole, editingRole, leaveRolesPage, loadRolesPage, roles } from '../state/roles';

/** What each role may, and roles of the account's own. */
export function Roles() {
  const may = mayRunAccount.value;
  useEffect(() => {
    if (may) void loadRolesPage();
    return leaveRolesPage;
  }, [may]);
  const list = roles.value.value;
  const role = editingRole.value;
  return (
    <Page title="Roles" lead="What members may. A role of your own is a part of a built-in one.">
      {may ? <Lists /> : <p class="page-note">Admins and owners of the account define roles.</p>}
      {role && list && (
        <RoleDialog key={role === 'new' ? 'new' : role.id} role={role === 'new' ? null : role} list={list} />
      )}
      {deletingRole.value && <DeleteRoleDialog role={deletingRole.value} />}
    </Page>
  );
}

function Lists() {
  const list = roles.value.value;
  if (list) {
    return (
      <>
        <OwnRoles roles={list.roles} />
        <RoleMatrix list={list} />
      </>
    );
  }
  if (roles.state.value !== 'failed') return <PageSkeleton what="roles" />;
  return (
    <Failed
      title="Roles could not be loaded"
      detail="Nothing has changed. Please try again."
      onRetry={() => void loadRolesPage()}
    />
  );
}
