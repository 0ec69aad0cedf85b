/*
 * priority.h
 *		Leaving the processors to others for a while.
 */
#ifndef CVM_PRIORITY_H
#define CVM_PRIORITY_H

/* From a fifth of a second on others come first, as with nice(1) of 1 to 19; as
 * far as the system lets us. */
extern void cvm_priority_lower(int nice);

/*
 * Rests, if that is in force and this process had to wait for a processor a
 * moment ago; the longer, the more it has had since.  To be called often, where
 * nobody waits for a lock of ours.
 */
extern void cvm_priority_pace(void);

/* Back to where it was.  Where there are no groups of sessions only a
 * privileged process can. */
extern void cvm_priority_raise(void);

/* What was asked for and not taken back; 0: nothing. */
extern int	cvm_priority_wanted(void);

#endif							/* CVM_PRIORITY_H */
