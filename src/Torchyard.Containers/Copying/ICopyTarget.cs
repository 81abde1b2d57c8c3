namespace Torchyard.Containers.Copying;

/// <summary>Takes what is copied, a directory before what is in it.</summary>
internal interface ICopyTarget : IDisposable
{
    /// <summary>A directory begins; what follows is in it.</summary>
    void Begin(CopyEntry directory);

    /// <summary>The directory that began last is complete.</summary>
    void End();

    /// <summary>A regular file.</summary>
    void File(CopyEntry file, Stream content);

    /// <summary>A symbolic link, as it is.</summary>
    void Link(CopyEntry link, string target);

    /// <summary>All is there.</summary>
    void Complete();
}
