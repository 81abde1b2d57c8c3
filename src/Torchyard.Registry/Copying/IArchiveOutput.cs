using Torchyard.Platform.Errors;

namespace Torchyard.Registry.Copying;

/// <summary>Where an archive goes: a file, or a program that loads it.</summary>
internal interface IArchiveOutput : IDisposable
{
    /// <summary>What people call it.</summary>
    string Name { get; }

    /// <summary>Takes the archive.</summary>
    Stream Stream { get; }

    /// <summary>All of it was written.</summary>
    Task CompleteAsync(CancellationToken cancellation);

    /// <summary>The failure when it takes no more.</summary>
    TorchyardException Fails(IOException failure);
}
