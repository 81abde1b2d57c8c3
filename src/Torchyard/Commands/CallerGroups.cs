using System.Runtime.InteropServices;

namespace Torchyard.Commands;

/// <summary>The groups of this process (getgroups(2)).</summary>
internal static unsafe partial class CallerGroups
{
    public static IReadOnlyCollection<int> Read()
    {
        var count = Get(0, null);
        if (count <= 0)
            return [];
        var groups = new int[count];
        fixed (int* first = groups)
            count = Get(count, first);
        return count < 0 ? [] : groups[..count];
    }

    [LibraryImport("libc", EntryPoint = "getgroups")]
    private static partial int Get(int size, int* list);
}
