using System.Globalization;
using System.Text;
using Torchyard.Platform.Errors;

namespace Torchyard.CommandLine;

/// <summary>
/// The command line as the kernel has it. File names are bytes; those that are not UTF-8 reach the program as other names, and what is made
/// or mounted under such a name is not what the caller meant.
/// </summary>
internal static class CommandLineBytes
{
    /// <summary>What stands for bytes that could not be read as UTF-8.</summary>
    public const char Replacement = '\ufffd';

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Refuses arguments that are not UTF-8.</summary>
    /// <param name="arguments">As the program got them.</param>
    /// <param name="bytes">Reads the same from the kernel; called only when there is a doubt.</param>
    /// <exception cref="TorchyardException">TY9032: an argument is not UTF-8.</exception>
    public static void Require(IReadOnlyList<string> arguments, Func<byte[]> bytes)
    {
        if (arguments.FirstOrDefault(argument => argument.Contains(Replacement, StringComparison.Ordinal)) is not { } doubtful)
        {
            return;
        }

        try
        {
            _ = Strict.GetCharCount(bytes());
        }
        catch (DecoderFallbackException)
        {
            throw new TorchyardException(
                "TY9032",
                string.Create(CultureInfo.InvariantCulture, $"the argument '{doubtful}' is not UTF-8, so it would be another file or text"),
                "write text in UTF-8; rename a file or directory (convmv does it for whole trees), or name it through a link"
            )
            {
                IsUsage = true,
            };
        }
    }

    /// <summary>True when the value of a variable of this process is the text that it was read as.</summary>
    /// <param name="name">A variable that is set.</param>
    /// <param name="value">What was read.</param>
    /// <param name="bytes">Reads the environment from the kernel, entries ended by a zero byte; called only when there is a doubt.</param>
    public static bool IsText(string name, string value, Func<byte[]> bytes)
    {
        if (!value.Contains(Replacement, StringComparison.Ordinal))
        {
            return true;
        }

        var entry = Encoding.UTF8.GetBytes(name + "=");
        ReadOnlySpan<byte> all = bytes();
        foreach (var range in all.Split((byte)0))
        {
            if (all[range].StartsWith(entry))
            {
                return System.Text.Unicode.Utf8.IsValid(all[range]);
            }
        }

        return true;
    }

    /// <summary>The environment of this process, each variable ended by a zero byte (proc_pid_environ(5)).</summary>
    public static byte[] EnvironmentOfThisProcess() => File.ReadAllBytes("/proc/self/environ");

    /// <summary>The arguments of this process, each ended by a zero byte (proc_pid_cmdline(5)).</summary>
    public static byte[] OfThisProcess() => File.ReadAllBytes("/proc/self/cmdline");
}
