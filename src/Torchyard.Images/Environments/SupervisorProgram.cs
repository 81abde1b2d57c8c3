using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Images.Environments;

/// <summary>The supervisor program that goes into images.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Digest">Their hash, which the lock records.</param>
public sealed record SupervisorProgram(ReadOnlyMemory<byte> Content, Digest Digest)
{
    /// <summary>Name of the file beside the program; <c>./torchyard</c> publishes both.</summary>
    public const string FileName = "torchyard-supervisor";

    /// <summary>Reads the supervisor.</summary>
    /// <param name="directory">Directory of the running program (<c>AppContext.BaseDirectory</c>).</param>
    /// <exception cref="TorchyardException">TY4802: it is not there.</exception>
    public static SupervisorProgram Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            var content = File.ReadAllBytes(path);
            return new SupervisorProgram(content, Digest.Of(content));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TorchyardException(
                "TY4802",
                $"the supervisor that images start with is not beside the program: {path}",
                "start Torchyard by ./torchyard, which builds both; a copied program needs torchyard-supervisor in the same directory",
                e
            );
        }
    }

    /// <summary>Fails unless these are the bytes that a lock was made with.</summary>
    /// <exception cref="TorchyardException">TY4803: another supervisor; the image would get another digest.</exception>
    public void Require(Digest locked)
    {
        if (Digest != locked)
        {
            throw new TorchyardException(
                "TY4803",
                $"the lock was made with supervisor {locked}, this Torchyard has {Digest}",
                "build with the Torchyard version that made the lock and the .NET SDK that docs/supervisor.md names, or accept a new "
                    + "image digest: torchyard lock"
            );
        }
    }
}
