using System.Security.Cryptography;
using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Errors;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Steps;

/// <summary>A file of the package cache that is hashed again while it is read: the disk may have lost a byte since.</summary>
internal sealed class VerifiedContent : IDisposable
{
    private readonly LockedProjectFile _file;
    private readonly FileStream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public VerifiedContent(string path, LockedProjectFile file)
    {
        _file = file;
        _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
        HasKey = file.Size <= PrivateKeys.LargestKeyFile && PrivateKeys.IsKey(File.ReadAllBytes(path));
    }

    /// <summary>True for a private key.</summary>
    public bool HasKey { get; }

    /// <summary>Reads on; 0 at the end.</summary>
    /// <exception cref="DamagedPackageException">It is not what the lock has.</exception>
    public int Read(Span<byte> buffer)
    {
        var read = _stream.Read(buffer);
        if (read > 0)
        {
            _hash.AppendData(buffer[..read]);
            return read;
        }

        return Digest.FromHash(_hash.GetHashAndReset()) == _file.Sha256 ? 0 : throw new DamagedPackageException(_file.Source);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _hash.Dispose();
        _stream.Dispose();
    }
}
