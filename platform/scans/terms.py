"""The defined terms of a DICOM header that readers are shown. Pure.

A site can type anything into a code string, a patient's name as well: sixteen letters are enough.
So only words of the standard, and those that scanners write beside it, are kept.
"""

import re


def _terms(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# PS3.3 C.7.3.1.1.1, of what is an image, retired ones too.
_MODALITIES = _terms(
    "AR BI BMD CD CF CP CR CS CT DD DF DG DM DMS DS DX EC ES FA FS GM HC IO IVOCT IVUS KER LEN LP",
    "LS MA MG MR MS NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PT PX RF RG RTIMAGE SM SRF ST",
    "TG US VA VF XA XC",
)
# PS3.3 C.7.6.1.1.1: right, left, unpaired, both.
_LATERALITIES = frozenset("RLUB")
# PS3.16 annex L, and its words written apart.
_BODY_PARTS = _terms(
    "ABD ABDOMEN ABDOMENPELVIS ADRENAL ANKLE ANUS AORTA ARM ARTERY AXILLA BACK BILEDUCT BLADDER",
    "BODY BONE BRAIN BREAST BRONCHUS BUTTOCK CALCANEUS CALF CAROTID CEREBELLUM CERVICAL CERVIX",
    "CHEEK CHEST CHESTABDOMEN CHESTABDPELVIS CIRCLEOFWILLIS CLAVICLE COCCYX COLON CORNEA CORONARY",
    "CORONARYARTERY CSPINE CTSPINE DUODENUM EAR ELBOW ENTIRE ESOPHAGUS EXTREMITY EYE EYELID FACE",
    "FEMUR FIBULA FINGER FOOT FOREARM GALLBLADDER HAND HEAD HEADNECK HEART HIP HUMERUS IAC ILEUM",
    "ILIUM JAW JEJUNUM JOINT KIDNEY KNEE LARYNX LEFT LEG LIVER LOWER LOWEREXTREMITY LOWERLEG",
    "LSPINE LSSPINE LUMBAR LUNG MANDIBLE MAXILLA MEDIASTINUM MOUTH NECK NECKCHEST NECKCHESTABDOMEN",
    "NECKCHESTABDPELV NOSE ORBIT OVARY PANCREAS PAROTID PATELLA PELVIS PENIS PERINEUM PHARYNX",
    "PROSTATE RADIUS RECTUM RENAL RIB RIBS RIGHT SACRUM SCALP SCAPULA SCLERA SCROTUM SHOULDER",
    "SINUS SINUSES SKULL SPINE SPLEEN SSPINE STERNUM STOMACH SUBMANDIBULAR TEETH TESTIS THIGH",
    "THORACIC THORAX THUMB THYMUS THYROID TIBIA TLSPINE TMJ TOE TONGUE TOOTH TRACHEA TSPINE ULNA",
    "UPPER UPPERARM UPPEREXTREMITY UPPERLEG URETER URETHRA UTERUS VAGINA VULVA WHOLE WHOLEBODY",
    "WRIST ZYGOMA",
)
# PS3.3 C.8.1.1.1 and C.8.3.1.1, PS3.16 CID 4014 (mammography), and how films are taken.
_VIEWS = _terms(
    "AP AT AXIAL AXIOLATERAL CC CROSSTABLE CV DECUBITUS ERECT EXPIRATION EXTENSION FB FLEXION FROG",
    "FRONTAL INLET INSPIRATION ISO LAO LAT LATERAL LEFT LEG LL LLD LLO LM LMO LORDOTIC LPO ML MLO",
    "MORTISE MOUTH OBL OBLIQUE ODONTOID OPEN OUTLET PA PORTABLE PRONE RAO RI RIGHT RL RLD RLO RM",
    "RPO RS SIO SITTING SKYLINE STANDING SUNRISE SUPINE SWIMMERS TABLE TAN TANGENTIAL TUNNEL",
    "UPRIGHT XCC XCCL XCCM",
)
_BETWEEN = re.compile(r"[\s_/-]+")


def modality(value: object) -> str:
    """The modality, empty where it is none that the standard knows."""
    return _known(value, _MODALITIES)


def laterality(value: object) -> str:
    """R, L, U or B; empty for anything else."""
    return _known(value, _LATERALITIES)


def body_part(value: object) -> str:
    """The body part in words of the standard; empty where one of them is not."""
    return _known(value, _BODY_PARTS)


def view(value: object) -> str:
    """The view in words of the standard; empty where one of them is not."""
    return _known(value, _VIEWS)


def _known(value: object, terms: frozenset[str]) -> str:
    words = _BETWEEN.split(str(value or "").strip().upper())
    return " ".join(words) if all(word in terms for word in words) else ""
