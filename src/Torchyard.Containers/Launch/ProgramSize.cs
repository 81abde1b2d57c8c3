using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Launch;

/// <summary>
/// What the kernel takes of arguments and environment when a program starts (execve(2), "Limits on size of arguments and environment").
/// </summary>
internal static class ProgramSize
{
    /// <summary>MAX_ARG_STRLEN: 32 pages, the zero byte at the end included.</summary>
    private const int LongestText = 32 * 4096;

    /// <summary>Three quarters of _STK_LIM; a quarter of the limit of the stack where that is less.</summary>
    private const long MostOfAll = 6L << 20;

    private const long DefaultStack = 8L << 20;

    /// <summary>Refuses what no program could be started with.</summary>
    /// <param name="arguments">Program and arguments.</param>
    /// <param name="environment"><c>NAME=VALUE</c> each.</param>
    /// <param name="stack">Soft limit of the stack; null for unlimited.</param>
    /// <exception cref="TorchyardException">TY4068: an argument, a variable or all of them together are too long.</exception>
    public static void Require(IReadOnlyList<string> arguments, IReadOnlyList<string> environment, ulong? stack = DefaultStack)
    {
        long all = 0;
        foreach (var argument in arguments)
        {
            all += Length($"the argument '{Start(argument)}…'", argument);
        }

        foreach (var variable in environment)
        {
            all += Length($"the variable {Start(variable.Split('=', 2)[0])}", variable);
        }

        var most = stack is { } soft && soft / 4 < (ulong)MostOfAll ? (long)(soft / 4) : MostOfAll;
        if (all > most)
        {
            throw TooLong(
                $"arguments and environment have {ByteSize.Binary(all)} together, and a program is started with at most "
                    + $"{ByteSize.Binary(most)}"
            );
        }
    }

    /// <summary>The failure for a program that the kernel did not start for this reason.</summary>
    public static TorchyardException TooLong(string what) =>
        new("TY4068", what, "put it into a file and mount that with -v") { IsUsage = true };

    private static int Length(string what, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text) + 1;
        return length <= LongestText
            // And a pointer to it.
            ? length + sizeof(long)
            : throw TooLong(
                FormattableString.Invariant(
                    $"{what} has {length - 1} bytes, and the kernel gives a program at most {LongestText - 1} in one"
                )
            );
    }

    private static string Start(string text) => text.Length <= 40 ? text : text[..40];
}
