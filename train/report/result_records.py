"""The records that a `Report` consists of: results of folds, of classes and of all of them, errors, times."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How accurate the predictions for some test images are. All fractions are from 0 to 1.

    Parameters
    ----------
    accuracy : float
        Fraction of the images whose class was predicted correctly.
    low, high : float or None
        95 % confidence interval of the accuracy, over recordings (see `train.report.intervals`); None where there are
        too few recordings for one.
    n_images, n_clips, n_recordings : int
        Test images, and the clips and original recordings that they were made from.
    nearest_neighbour_accuracy : float or None
        Accuracy of the nearest-neighbour baseline on the same images (see `train.report.knn_baseline`); None where it
        was not computed.
    """

    accuracy: float
    low: float | None
    high: float | None
    n_images: int
    n_clips: int
    n_recordings: int
    nearest_neighbour_accuracy: float | None


@dataclass(frozen=True, kw_only=True)
class FoldResult(Evaluation):
    """The result of one fold; see also `Evaluation`.

    Parameters
    ----------
    name : str
    is_leaky : bool
        Whether images of one recording may be in both training and test.
    n_train, n_validation : int
        Images.
    n_left_out : int
        Images left out of training because images of the same recording are tested (or validated).
    n_leaked : int
        Test images that have images of the same recording in training.
    epochs, tested_epoch, n_fitted : int
        Epochs trained, the one whose weights were tested, and how many fit the last layer alone: of most pretrained
        models the first.
    train_seconds : float
    images_seen : int
        Training images times epochs.
    is_background_only : bool
        Whether it tests background alone, while other folds test more: then it does not count.
    """

    name: str
    is_leaky: bool
    n_train: int
    n_validation: int
    n_left_out: int
    n_leaked: int
    epochs: int
    tested_epoch: int
    train_seconds: float
    images_seen: int
    is_background_only: bool = False
    n_fitted: int = 0


@dataclass(frozen=True, kw_only=True)
class PooledResult(Evaluation):
    """The result of all test images of the finished folds together; see also `Evaluation`.

    Parameters
    ----------
    level : float
        Confidence level of all intervals of the report.
    mean_of_folds, std_of_folds : float, float or None
        Mean and sample standard deviation of the folds' accuracies; None for one fold.
    macro_f1 : float
        Mean F1 of the classes that were tested, each with equal weight.
    log_loss : float
        Mean of minus the natural logarithm of the probability of the true class; 0 and up, lower is better.
    top_3_accuracy : float or None
        Fraction of the images whose class is among the three most probable; None with three classes or fewer.
    most_frequent_class_accuracy : float or None
        Accuracy of always predicting the most frequent tested class; None where one alone counts, as beside background.
    """

    level: float
    mean_of_folds: float
    std_of_folds: float | None
    macro_f1: float
    log_loss: float
    top_3_accuracy: float | None
    most_frequent_class_accuracy: float | None


@dataclass(frozen=True, kw_only=True)
class GroupResult:
    """The result of the classes that a collection's authors put into one group.

    Parameters
    ----------
    name : str
    n_classes : int
        Of the run's classes.
    accuracy, low, high : float, and float or None
        Of the test images of these classes; see `Evaluation`.
    accuracy_of_group : float
        Fraction of these images that were predicted as a class of this group, right or wrong.
    n_images, n_recordings : int
    """

    name: str
    n_classes: int
    accuracy: float
    low: float | None
    high: float | None
    accuracy_of_group: float
    n_images: int
    n_recordings: int


@dataclass(frozen=True, kw_only=True)
class ClassResult:
    """The result of one class.

    Parameters
    ----------
    label : str
    precision : float or None
        Fraction of the images predicted as this class that belong to it; None if there were none.
    recall : float or None
        Fraction of the images of this class that were predicted as it; None if none was tested.
    low, high : float or None
        Confidence interval of the recall; see `Evaluation`.
    f1 : float or None
        Harmonic mean of precision and recall.
    n_images, n_recordings : int
        Test images of the class, and their recordings.
    """

    label: str
    precision: float | None
    recall: float | None
    low: float | None
    high: float | None
    f1: float | None
    n_images: int
    n_recordings: int


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """A frequent error: `count` of the `n_images` test images of class `label` were predicted as `predicted`."""

    label: str
    predicted: str
    count: int
    n_images: int


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How the images were divided into training and test.

    Parameters
    ----------
    name, description : str
        As in the recipe, and in a few sentences.
    n_leaked, n_left_out : int
        As in `FoldResult`, all folds together.
    """

    name: str
    description: str
    n_leaked: int
    n_left_out: int


@dataclass(frozen=True, kw_only=True)
class Times:
    """Duration of training, all folds together, in seconds, and how many images were seen in it."""

    train_seconds: float
    images_seen: int
    images_per_second: float | None


@dataclass(frozen=True, kw_only=True)
class FinalModel:
    """What the model that is trained on all recordings was trained on; it has no accuracy of its own.

    Parameters
    ----------
    n_images, n_clips, n_recordings : int
        Training images, with stored variants, and what they were made from.
    epochs, train_seconds : int, float
    """

    n_images: int
    n_clips: int
    n_recordings: int
    epochs: int
    train_seconds: float


@dataclass(frozen=True, kw_only=True)
class ThresholdResult:
    """What the threshold of a class promises; each fold with the threshold that the others give.

    Parameters
    ----------
    label : str
    threshold : float or None
        For predictions of new recordings, fitted on all folds; None: no probability is high enough.
    n_alarms : int
        Test images at or above the threshold of their fold.
    precision, precision_low, precision_high : float or None
        Share of these that are of the class, and its interval over recordings.
    recall, recall_low, recall_high : float or None
        Share of the test images of the class that are among these.
    n_clips : int
        Test images of the class.
    """

    label: str
    threshold: float | None
    n_alarms: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    n_clips: int


@dataclass(frozen=True, kw_only=True)
class CalibrationResult:
    """How far probabilities are from what is right, before and after temperature scaling, out of fold.

    Parameters
    ----------
    temperature : float
    error_before, error : float
        Expected calibration error of the models' own probabilities and of the scaled ones, 0 to 1.
    error_before_by_chance, error_by_chance : float or None
        What perfectly calibrated ones would have with as many recordings, in 95 of 100 cases at most; None: too few.
    thresholds : tuple of ThresholdResult
        One a class.
    most_distance : float or None
        From the training clips, that alarms are within; see `train.calibration.distance`. None: there is no limit.
    """

    temperature: float
    error_before: float
    error: float
    error_before_by_chance: float | None
    error_by_chance: float | None
    thresholds: tuple[ThresholdResult, ...]
    most_distance: float | None


@dataclass(frozen=True, kw_only=True)
class FalseAlarmResult:
    """How often clips that are none of the classes are predicted as one, out of fold.

    Parameters
    ----------
    labels : tuple of str
        The classes of these clips: `_background`, `_other`.
    n_alarms : int
        Clips on which some other class reached its threshold.
    n_clips, n_recordings : int
    hours : float
        Of these clips, each as long as an image. Where windows overlap, what they share counts for each.
    per_hour : float
        `n_alarms / hours`. An event that is longer than a clip counts once a clip.
    low, high : float or None
        Its 95 % interval over recordings; None where there are too few.
    is_calibrated : bool
        Whether the thresholds are those that the other folds give; false with one fold: then all are 0.5.
    """

    labels: tuple[str, ...]
    n_alarms: int
    n_clips: int
    n_recordings: int
    hours: float
    per_hour: float
    low: float | None
    high: float | None
    is_calibrated: bool
