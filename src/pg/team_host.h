/*
 * team_host.h
 *		Parallel workers as members of a team (base/team.h).
 */
#ifndef CVM_TEAM_HOST_H
#define CVM_TEAM_HOST_H

extern void cvm_install_team_host(void);

#endif							/* CVM_TEAM_HOST_H */
