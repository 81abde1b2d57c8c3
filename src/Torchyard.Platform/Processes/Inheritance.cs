using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Processes;

/// <summary>
/// What a process inherits from its caller and must not depend on: the umask, and whether the standard streams are open. Called first in
/// every process of the program, so that all that it makes and starts is the same for every caller.
/// </summary>
public static class Inheritance
{
    /// <summary>Makes them the same for every caller.</summary>
    public static void Settle()
    {
        // Directories of a container that root made under umask 077 would be closed to its own user; under 000 others could write to the
        // store.
        _ = ModeCalls.SetMask(FileModes.UsualUmask);
        for (var descriptor = 0; descriptor <= 2; descriptor++)
        {
            if (!ControlCalls.IsOpen(descriptor))
            {
                // The next file that is opened would become a standard stream, and get what is printed. Reading finds the end, writing
                // fails.
                _ = OpenCalls.OpenDescriptor("/dev/null", OpenFlags.ReadOnly);
            }
        }
    }

    /// <summary>Leaves a working directory that is of no use, so that no program that is started stumbles over it.</summary>
    public static void LeaveDirectory() => _ = ProcessCalls.ChangeDirectory("/");
}
