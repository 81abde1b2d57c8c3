using System.Globalization;

namespace Torchyard.Jobs.Slurm;

/// <summary>Times as Slurm writes them (sbatch(1), --time).</summary>
public static class SlurmTime
{
    /// <summary>Reads minutes, M:S, H:M:S, D-H, D-H:M, D-H:M:S; null for anything else, such as UNLIMITED.</summary>
    public static TimeSpan? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var days = 0;
        if (dash >= 0 && !Number(text[..dash], out days))
        {
            return null;
        }

        var parts = text[(dash + 1)..].Split(':');
        var numbers = new int[3];
        if (parts.Length > 3)
        {
            return null;
        }

        // Behind days the first is hours; without, one is minutes and two are minutes and seconds.
        var first = dash >= 0 || parts.Length == 3 ? 0 : 1;
        for (var i = 0; i < parts.Length; i++)
        {
            if (!Number(parts[i], out numbers[first + i]))
            {
                return null;
            }
        }

        return new TimeSpan(days, numbers[0], numbers[1], numbers[2]);
    }

    private static bool Number(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < 1_000_000;
}
