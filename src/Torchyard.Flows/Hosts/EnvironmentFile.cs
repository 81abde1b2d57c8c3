using Torchyard.Containers.Requests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Hosts;

/// <summary>Files of <c>--env-file</c>.</summary>
internal static class EnvironmentFile
{
    private const int LargestFile = 4 << 20;

    /// <summary>The variables of a file, <c>NAME=VALUE</c> each; a bare <c>NAME</c> takes the caller's value and is left out when there is
    /// none.</summary>
    /// <param name="host">Whose file, whose variables.</param>
    /// <param name="file">As the user named it.</param>
    /// <exception cref="TorchyardException">TY4062: it cannot be read; TY4065: a line that is none.</exception>
    public static IReadOnlyList<string> Read(Host host, string file)
    {
        var path = host.Caller.FullPath(file);
        try
        {
            var content = RegularFile.TryRead(path, LargestFile) ?? throw new FileNotFoundException("there is no such file");
            return EnvironmentSyntax.File(file, content, host.Caller.Text);
        }
        catch (Exception error)
            when (error
                    is IOException
                        or UnauthorizedAccessException
                        or TorchyardException { Code: PlatformCodes.NotRegular or PlatformCodes.TooLarge }
            )
        {
            throw new TorchyardException(
                "TY4062",
                $"--env-file {file} cannot be read: {error.Message.TrimEnd('.')}",
                "name a file of NAME=VALUE lines",
                error
            )
            {
                IsUsage = true,
            };
        }
    }
}
