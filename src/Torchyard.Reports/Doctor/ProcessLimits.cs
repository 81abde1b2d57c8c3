using System.Globalization;
using Torchyard.Machine.Files;

namespace Torchyard.Reports.Doctor;

/// <summary>Soft limits of this process (<c>/proc/self/limits</c>).</summary>
internal static class ProcessLimits
{
    /// <summary>The limit by its name in the first column; <see cref="long.MaxValue"/> for unlimited; null when it is not listed.</summary>
    public static long? Soft(MachineFiles files, string name)
    {
        var line = files.ReadLines("/proc/self/limits").FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        if (line is null || line.Length <= 26)
        {
            return null;
        }

        var value = line[26..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return value == "unlimited" ? long.MaxValue
            : long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n
            : null;
    }
}
